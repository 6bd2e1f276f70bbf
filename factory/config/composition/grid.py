"""PARENT: Composition of a sweep's jobs, thousands of them, with as few calls of Hydra as possible.

Composing takes Hydra 50 ms (1.3.8). Jobs of one sweep mostly differ in a few plain values, so each distinct choice of
groups is composed once and the values are put into a copy. Whatever is not that plain goes through Hydra.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, cast

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf, open_dict

from factory.config.composition.block_files import missing_blocks
from factory.config.composition.compose import Config, compose_or_blame, from_hydra, hydra_config
from factory.config.composition.hydra_errors import in_our_words
from factory.config.schema.nodes import with_defaults
from factory.core.errors import ConfigError

FORCED = "++"  # what `relax_overrides` puts before every override of a value
IDENTIFIER = re.compile(r"[A-Za-z_][\w.]*")
JOB_NUMBER = re.compile(r"\$\{hydra[.:]job\.num\}")

T = TypeVar("T")


@dataclass(frozen=True)
class Value:
    """An override that puts one plain value into the tree.

    Args:
        path: of the key.
        value: a scalar, or a list of plain values.
    """

    path: tuple[str, ...]
    value: Any


class Grid:
    """A composer of a sweep's jobs, which composes each distinct choice of groups once.

    Args:
        loader: of configs, from Hydra.
        master: the sweep's own config, with the node ``hydra``.
        search_path: the config search path.
    """

    def __init__(self, loader: ConfigLoader, master: DictConfig, search_path: Sequence[Path]) -> None:
        self.loader, self.master, self.search_path = loader, master, search_path
        self.folder = Path(master.hydra.sweep.dir)
        self.parser = OverridesParser.create(config_loader=loader)
        self.values: dict[str, Value | None] = {}
        self.mentioned: dict[tuple[str, ...], frozenset[str] | ConfigError] = {}
        self.bases: dict[tuple[str, ...], Config | ConfigError] = {}

    def config(self, number: int, overrides: Sequence[str]) -> Config:
        """Return the config of one job.

        Args:
            number: of the job in the sweep.
            overrides: as the sweeper gives them.

        Raises:
            ConfigError: Hydra refuses it.
        """
        through = self.through_hydra(overrides)
        base = self.base(through)
        tree = copy.deepcopy(base.tree)
        for word in overrides:
            if word not in through:
                value = cast(Value, self.value(word))
                if not put_value(tree, value):  # a parent is a scalar, or a list would replace a mapping: Hydra says so
                    base, tree = self.whole(overrides)
                    break
        if self.blocks_differ(base, tree):
            base, tree = self.whole(overrides)
        task = [word.removeprefix(FORCED) for word in overrides]
        job = {**base.hydra["job"], "num": number, "id": str(number)}
        hydra = {**base.hydra, "job": job, "overrides": {**base.hydra["overrides"], "task": task}}
        folder = str(self.folder / self.subfolder(number, overrides))
        config = replace(
            base, tree=with_defaults(tree), run_dir=folder, run_dir_given=True, overrides=tuple(task), hydra=hydra
        )
        return config.guarded()

    def whole(self, overrides: Sequence[str]) -> tuple[Config, dict[str, Any]]:
        """Return the config that Hydra composes of all overrides, and a copy of its tree."""
        base = self.base(tuple(overrides))
        return base, copy.deepcopy(base.tree)

    def blocks_differ(self, base: Config, tree: Mapping[str, Any]) -> bool:
        """Return whether values that were put into a tree name other blocks in files than those it holds."""
        return tree.get("model") != base.tree.get("model") and bool(missing_blocks(tree["model"], self.search_path))

    def through_hydra(self, overrides: Sequence[str]) -> tuple[str, ...]:
        """Return the overrides that only Hydra can apply.

        These choose groups, delete, merge, interpolate, or set what an interpolation refers to.
        """
        odd = tuple(word for word in overrides if self.value(word) is None)
        keys = (word.partition("=")[0] for word in odd if not chooses(word))
        names = self.names(odd) | {name for key in keys for name in IDENTIFIER.findall(key)}
        odd_words = set(odd)
        return tuple(
            word for word in overrides if word in odd_words or touches(cast(Value, self.value(word)).path, names)
        )

    def value(self, word: str) -> Value | None:
        """Return an override as a plain value, None where only Hydra can apply it; remember the answer."""
        if word not in self.values:
            self.values[word] = self.parsed(word)
        return self.values[word]

    def parsed(self, word: str) -> Value | None:
        """Parse an override as a plain value, None where only Hydra can apply it."""
        if not word.startswith(FORCED):
            return None
        override = self.parser.parse_override(word)
        value = override.value()
        plain = override.package is None and "${" not in word and is_plain(value)
        return Value(tuple(override.key_or_group.split(".")), value) if plain else None

    def names(self, overrides: tuple[str, ...]) -> frozenset[str]:
        """Return every name in an interpolation of what these overrides compose to."""
        return self.once(self.mentioned, overrides, lambda: frozenset(interpolated(self.composed(overrides))))

    def base(self, overrides: tuple[str, ...]) -> Config:
        """Return the config that these overrides compose to, composed once."""
        return self.once(self.bases, overrides, lambda: from_hydra(self.composed(overrides), (), self.search_path))

    def composed(self, overrides: Iterable[str]) -> DictConfig:
        """Compose these overrides by Hydra, without remembering the result."""
        return compose_or_blame(lambda some: self.loader.load_sweep_config(self.master, list(some)), tuple(overrides))

    def once(self, kept: dict[tuple[str, ...], T | ConfigError], key: tuple[str, ...], compose: Callable[[], T]) -> T:
        """Return or raise what ``compose`` does, in our words; remember it for the next job with the same key."""
        if key not in kept:
            try:
                with self.words():
                    kept[key] = compose()
            except ConfigError as error:
                kept[key] = error
        result = kept[key]
        if isinstance(result, ConfigError):
            raise result
        return result

    def words(self) -> AbstractContextManager[None]:
        """Return a context in which Hydra's errors become ours."""
        return in_our_words(self.search_path)

    def subfolder(self, number: int, overrides: Sequence[str]) -> str:
        """Return the job's folder within the sweep's, ``hydra.sweep.subdir``."""
        sweep = cast(dict[str, Any], OmegaConf.to_container(self.master.hydra.sweep, resolve=False))
        raw = str(sweep["subdir"])
        plain = JOB_NUMBER.sub(str(number), raw)
        if "${" not in plain:
            return plain
        with self.words():
            composed = self.composed(overrides)
            with open_dict(composed):
                composed.hydra.job.num, composed.hydra.job.id = number, str(number)
            with hydra_config(composed):
                return str(composed.hydra.sweep.subdir)


def chooses(word: str) -> bool:
    """Return whether an override chooses a group's option; Hydra sets values later, in their order."""
    return word[0] not in "+~" and not word.partition("=")[2].startswith("{")


def is_plain(value: Any) -> bool:
    """Return whether a value replaces what was there, as all but mappings do, which are merged."""
    if isinstance(value, list):
        return all(is_plain(item) for item in value)
    return value is None or isinstance(value, (bool, int, float)) or (isinstance(value, str) and value != "???")


def put_value(tree: dict[str, Any], value: Value) -> bool:
    """Set a value in a tree of dicts; return False, with nothing done, where the tree cannot hold it there."""
    node: Any = tree
    *parents, last = value.path
    for key in parents:
        node = node.setdefault(key, {}) if isinstance(node, dict) else None
        if node is None:
            return False
    if not isinstance(node, dict) or (isinstance(node.get(last), dict) and isinstance(value.value, list)):
        return False
    node[last] = copy.deepcopy(value.value)
    return True


def interpolated(composed: DictConfig) -> Iterator[str]:
    """Yield every name inside ``${…}`` anywhere but in the node ``hydra``."""
    tree = OmegaConf.to_container(composed, resolve=False)
    todo: list[Any] = [part for key, part in cast(dict[str, Any], tree).items() if key != "hydra"]
    while todo:
        part = todo.pop()
        if isinstance(part, dict):
            todo += part.values()
        elif isinstance(part, list):
            todo += part
        elif isinstance(part, str) and "${" in part:
            yield from IDENTIFIER.findall(part)


def touches(path: tuple[str, ...], names: Iterable[str]) -> bool:
    """Return whether one of these names may be the key at ``path``, lie in it or hold it.

    A name may be relative, so its first word also matches the last key of the path.
    """
    for name in names:
        other = tuple(name.split("."))
        shorter = min(len(path), len(other))
        if path[:shorter] == other[:shorter] or path[-1] == other[0]:
            return True
    return False
