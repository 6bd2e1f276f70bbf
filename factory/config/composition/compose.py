"""PARENT: Composition by Hydra of config groups and overrides into one resolved tree; its errors become ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf, open_dict

from factory.config.composition import data_name
from factory.config.composition.block_files import missing_blocks
from factory.config.composition.environment import mark_secrets, secrets_of
from factory.config.composition.folders import config_search_path
from factory.config.composition.hydra_errors import in_our_words, locate_error, says_where
from factory.config.composition.overrides import check_overrides
from factory.config.composition.search_path import use_search_path
from factory.config.schema.nodes import with_defaults
from factory.core.errors import ConfigError
from factory.core.passwords import without_passwords

data_name.register()

VALUE = re.compile(r"([A-Za-z_][\w.\-]*)=")
"""An override of a value, as far as its ``=``; one of a group that holds a ``/`` or an ``@`` is left to Hydra."""


@dataclass(frozen=True)
class Config:
    """A composed config: one resolved tree, and what Hydra knows of its composition.

    Args:
        tree: all nodes but ``hydra``, resolved: dicts, lists and scalars.
        run_dir: path of the run's folder, from ``hydra.run.dir``.
        run_dir_given: whether the user gave it; then a run that is in it already may be resumed.
        overrides: as they were typed.
        hydra: the node ``hydra``, as Hydra writes it to ``.hydra/hydra.yaml``.
        choices: group → chosen option.
        told: the node ``tracker`` with its password, set by `guarded`.
    """

    tree: dict[str, Any]
    run_dir: str
    run_dir_given: bool = False
    overrides: tuple[str, ...] = ()
    hydra: dict[str, Any] = field(default_factory=dict, repr=False)
    choices: dict[str, Any] = field(default_factory=dict)
    told: dict[str, Any] | None = field(default=None, repr=False, compare=False)

    @property
    def tracker(self) -> dict[str, Any] | None:
        """The node ``tracker`` with its password, for the tracker's process alone; None where nothing is recorded."""
        return self.told or self.tree.get("tracker")

    def guarded(self) -> Config:
        """Return this config without passwords in its tree and overrides; `tracker` alone still has them."""
        node = self.tree.get("tracker")
        bare = without_passwords(node)
        config = replace(self, overrides=without_passwords(self.overrides), hydra=without_passwords(self.hydra))
        return config if bare == node else replace(config, tree={**self.tree, "tracker": bare}, told=node)


def relax_overrides(overrides: Iterable[str], search_path: Sequence[Path]) -> list[str]:
    """Return overrides with ``++a.b=c`` for ``a.b=c``, which Hydra accepts whatever the key.

    Hydra would stop at the first unknown key, our schema reports all of them. Groups, ``hydra.*`` and overrides with a
    sign of their own (``+ ~``) stay as they are.
    """
    groups = groups_of(search_path)

    def relaxed(override: str) -> str:
        """Return an override with ``++`` before it, if it sets a value."""
        match = VALUE.match(override)
        if match is None or match[1].split(".")[0] == "hydra":
            return override
        if match[1] in groups and not override[match.end() :].startswith("{"):
            return override
        return f"++{override}"

    return [relaxed(override) for override in overrides]


def groups_of(search_path: Iterable[Path]) -> frozenset[str]:
    """Return the names of the config groups in these folders that have one word for a name."""
    return frozenset(path.name for folder in search_path for path in folder.iterdir() if path.is_dir())


def compose_config(
    overrides: Sequence[str],
    config_dir: str | None = None,
    config_name: str = "config",
    *,
    search_path: Sequence[Path] | None = None,
) -> Config:
    """Compose a config from its groups and overrides; leave no global state, so that it may be called again.

    Args:
        overrides: as on the command line.
        config_dir: a folder of groups that goes before the package's own.
        config_name: the primary config, without ``.yaml``.
        search_path: folders of groups that replace all those, such as another revision's; the primary config is in
            the last one.

    Raises:
        ConfigError: Hydra or OmegaConf refused it; one line each.
    """
    search_path = search_path or config_search_path(config_dir)
    check_overrides(overrides)
    with (
        in_our_words(search_path, overrides),
        use_search_path(search_path),
        initialize_config_dir(str(search_path[-1]), version_base="1.3", job_name="factory"),
    ):
        words = relax_overrides(overrides, search_path)
        composed = compose_or_blame(
            lambda some: hydra_compose(config_name, list(some), return_hydra_config=True), words
        )
        return from_hydra(composed, overrides, search_path)


def compose_or_blame(composed: Callable[[Sequence[str]], DictConfig], overrides: Sequence[str]) -> DictConfig:
    """Compose overrides; report a failure that does not say where it is at the first override that brings it.

    Raises:
        ConfigError: names the override; an error of Hydra's that says where it is passes through as it is.
    """

    def fails(some: Sequence[str]) -> bool:
        """Return whether these overrides cannot be composed."""
        try:
            composed(some)
        except Exception:  # whatever it is, it is raised again where it is put to its override
            return True
        return False

    try:
        return composed(overrides)
    except ConfigError:
        raise
    except Exception as error:  # OmegaConf turns `a_list.word=1` into a bare ValueError
        if says_where(error):
            raise
        raise ConfigError(locate_error(overrides, fails, error)) from error


def from_hydra(composed: DictConfig, overrides: Sequence[str], search_path: Sequence[Path]) -> Config:
    """Resolve what Hydra composed; add the blocks that lie in files, and fill in defaults.

    Args:
        composed: the config with its node ``hydra``.
        overrides: as they were typed.
        search_path: folders of groups.
    """
    add_blocks(composed, search_path)
    with hydra_config(composed):
        run_dir = composed.hydra.run.dir
        tree = plain(OmegaConf.masked_copy(composed, [str(key) for key in composed if key != "hydra"]), resolve=True)
        tree = mark_secrets(tree, secrets_of(words_of(composed)))
    hydra = plain(composed.hydra, resolve=False)  # as Hydra writes it: the folders of a sweep cannot be resolved here
    given = any(override.lstrip("+").startswith("hydra.run.dir=") for override in overrides)
    config = Config(with_defaults(tree), run_dir, given, tuple(overrides), hydra, hydra["runtime"]["choices"])
    return config.guarded()


def add_blocks(composed: DictConfig, search_path: Sequence[Path]) -> None:
    """Add the blocks that a composed model names, from their files, to the model, in place.

    Raises:
        ConfigError: a file is not what a block can be.
    """
    model = OmegaConf.to_container(composed.model, resolve=False) if OmegaConf.is_dict(composed.get("model")) else None
    with open_dict(composed):
        for name, block in missing_blocks(model, search_path).items():
            OmegaConf.update(composed, f"model.blocks.{name}", block, merge=False)


def words_of(composed: DictConfig) -> list[str]:
    """Return the overrides of a composed config as they were typed, without those of Hydra's node."""
    return list(plain(composed.hydra.overrides, resolve=False)["task"])


def plain(node: DictConfig, resolve: bool) -> dict[str, Any]:
    """Return a node as dicts, lists and scalars."""
    return cast(dict[str, Any], OmegaConf.to_container(node, resolve=resolve, enum_to_str=True))


@contextmanager
def hydra_config(composed: DictConfig) -> Iterator[None]:
    """Resolve ``${hydra:…}`` in this config, inside this context; restore the former one afterwards."""
    singleton = HydraConfig.instance()
    before = singleton.cfg
    singleton.set_config(composed)
    try:
        yield
    finally:
        singleton.cfg = before
