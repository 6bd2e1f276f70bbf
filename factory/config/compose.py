"""From conf/ and the words of a command line to one plain tree, through Hydra, whose errors become ours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import yaml
from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from factory import faults
from factory.config.user_folder import before_the_package
from factory.errors import ConfigError
from factory.places import folders

VALUE = re.compile(r"([A-Za-z_][\w.\-]*)=")
"""An override of a value, as far as its ``=``; one of a group that holds a ``/`` or an ``@`` is left to Hydra."""


@dataclass(frozen=True)
class Config:
    """One composed config.

    Args:
        tree: everything but the node ``hydra``, resolved: dicts, lists and scalars.
        run_dir: folder of the run, as ``hydra.run.dir`` says.
        run_dir_given: whether that was asked for, so that a run there may be meant to go on.
        overrides: as they were typed.
        hydra: the node ``hydra``, as Hydra writes it to ``.hydra/hydra.yaml``.
        choices: group → chosen option.
    """

    tree: dict[str, Any]
    run_dir: str
    run_dir_given: bool = False
    overrides: tuple[str, ...] = ()
    hydra: dict[str, Any] = field(default_factory=dict, repr=False)
    choices: dict[str, Any] = field(default_factory=dict)


def relax(overrides: Iterable[str], config_dir: str | None = None, package: Path | None = None) -> list[str]:
    """``a.b=c`` as ``++a.b=c``: Hydra would stop at the first key it does not know, our schema reports them all.

    Groups, ``hydra.*`` and what has a sign of its own (``+ ~``) stay as they are.
    """
    places = folders(config_dir, package)

    def relaxed(override: str) -> str:
        match = VALUE.match(override)
        if match is None or match[1].split(".")[0] == "hydra" or any((place / match[1]).is_dir() for place in places):
            return override
        return f"++{override}"

    return [relaxed(override) for override in overrides]


def compose(
    overrides: Sequence[str],
    config_dir: str | None = None,
    config_name: str = "config",
    *,
    package: Path | None = None,
) -> Config:
    """One tree from the groups and overrides; leaves no global state and may be called again.

    Args:
        overrides: as on the command line.
        config_dir: a folder of groups that goes before the package's own.
        config_name: the primary config, without ``.yaml``.
        package: groups that stand in the place of the package's own, such as those of another revision.

    Raises:
        ConfigError: Hydra or OmegaConf refused it; one line each.
    """
    *own, base = folders(config_dir, package)
    with (
        in_our_words([*own, base]),
        before_the_package(own[0] if own else None),
        initialize_config_dir(str(base), version_base="1.3", job_name="factory"),
    ):
        return from_hydra(_compose(config_name, relax(overrides, config_dir, package)), overrides)


def _compose(config_name: str, overrides: list[str]) -> DictConfig:
    """Hydra's compose; where it fails in a way it has no words for, the override without which it does not."""

    def composed(words: list[str]) -> DictConfig:
        return hydra_compose(config_name, words, return_hydra_config=True)

    try:
        return composed(overrides)
    except (HydraException, OmegaConfBaseException, yaml.YAMLError):
        raise
    except Exception as error:  # OmegaConf turns `a_list.word=1` into a bare ValueError
        for place, override in enumerate(overrides):
            try:
                composed(overrides[:place] + overrides[place + 1 :])
            except Exception:
                continue
            key, _, value = override.lstrip("+").partition("=")
            raise ConfigError(faults.wrong(key, value, f"what its place can hold; {one_line(error)}")) from error
        raise ConfigError(f"config: {one_line(error)}") from error


def from_hydra(composed: DictConfig, overrides: Sequence[str]) -> Config:
    """Resolve what Hydra composed, with its node ``hydra`` still in it."""
    with hydra_config(composed):
        run_dir = composed.hydra.run.dir
        tree = plain(OmegaConf.masked_copy(composed, [str(key) for key in composed if key != "hydra"]), resolve=True)
    hydra = plain(composed.hydra, resolve=False)  # as Hydra writes it: the folders of a sweep cannot be resolved here
    given = any(override.lstrip("+").startswith("hydra.run.dir=") for override in overrides)
    return Config(tree, run_dir, given, tuple(overrides), hydra, hydra["runtime"]["choices"])


def plain(node: DictConfig, resolve: bool) -> dict[str, Any]:
    """A node as dicts, lists and scalars."""
    return cast(dict[str, Any], OmegaConf.to_container(node, resolve=resolve, enum_to_str=True))


@contextmanager
def hydra_config(composed: DictConfig) -> Iterator[None]:
    """``${hydra:runtime.choices.model}`` resolves inside, and whatever was set before is set again afterwards."""
    singleton = HydraConfig.instance()
    before = singleton.cfg
    singleton.set_config(composed)
    try:
        yield
    finally:
        singleton.cfg = before


@contextmanager
def in_our_words(places: Sequence[Path]) -> Iterator[None]:
    """Errors of Hydra, OmegaConf and YAML as one line that says where.

    Args:
        places: folders of groups, for the options of one.

    Raises:
        ConfigError: in their place.
    """
    try:
        yield
    except MissingConfigException as error:
        raise ConfigError(_unknown_option(error, places)) from error
    except yaml.YAMLError as error:
        raise ConfigError(f"YAML: {one_line(error)}") from error
    except OmegaConfBaseException as error:
        key = error.full_key or "config"
        raise ConfigError(f"{key}: {one_line(error.msg or error).removeprefix('Error merging override ')}") from error
    except OverrideParseException as error:
        typed = error.override.removeprefix("++")
        raise ConfigError(f"override {typed!r}: {one_line(error)}; takes key=value") from error
    except HydraException as error:
        raise ConfigError(f"override: {one_line(error)}") from error


def _unknown_option(error: MissingConfigException, places: Sequence[Path]) -> str:
    group, _, option = (error.missing_cfg_file or "").rpartition("/")
    options = sorted({path.stem for place in places for path in (place / group).glob("*.yaml")})
    return faults.wrong(group or "--config-name", option, faults.listed(options), options)


def one_line(error: object) -> str:
    """The message without line breaks, the pointers to Hydra's website and the class names of its parser."""
    text = re.sub(r"\s*See https?://\S+.*", "", str(error), flags=re.DOTALL)
    kept = (line.strip() for line in text.splitlines())
    return " ".join(
        line for line in kept if line and not line.startswith(("full_key:", "object_type=", "reference_type="))
    )
