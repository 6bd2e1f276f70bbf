"""PARENT: Every composition that config groups offer (default, options, experiments), composed when first needed."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from factory.config.composition import plain
from factory.config.composition.compose import compose_config
from factory.config.composition.folders import is_block_file
from factory.config.composition.plain import Groups, NotPlain
from factory.config.composition.yaml_files import read_yaml_file
from factory.config.load import validate_config
from factory.config.schema.nodes import Judged
from factory.core.errors import ConfigError
from factory.diff.sides import Side
from factory.diff.tree_changes import ORDERED

DEFAULT = "default"
COMMAND = "# python -m factory "


@dataclass(frozen=True, eq=False)
class Composed:
    """One composition of one side of a comparison.

    Args:
        side: the side of the comparison.
        groups: the config groups of that side.
        judged: cache of the problems of config nodes; grows, since compositions share most of their nodes.
        chosen: group → option; None where the side names its composition itself.
    """

    side: Side
    groups: Groups
    judged: Judged
    chosen: Mapping[str, Any] | None = None

    @cached_property
    def composed(self) -> tuple[Mapping[str, Any] | None, tuple[str, ...]]:
        """The composed tree and no problems, or None and the problems that prevent it."""
        try:
            if self.chosen is None:
                return self.side.config().tree, ()
            try:
                return plain.compose(self.groups, self.chosen), ()
            except NotPlain:
                return compose_config(words(self.chosen), search_path=self.side.search_path).tree, ()
        except ConfigError as error:
            if self.chosen is None:
                raise
            return None, tuple(error.problems)

    @property
    def tree(self) -> Mapping[str, Any] | None:
        """The composed tree, None where it does not compose."""
        return self.composed[0]

    @cached_property
    def problems(self) -> tuple[str, ...]:
        """The problems that the current schema has with this composition; empty where it accepts it."""
        if self.tree is None:
            return self.composed[1]
        try:
            validate_config(self.tree, self.judged)
        except ConfigError as error:
            return tuple(error.problems)
        return ()


def compositions(side: Side, judged: Judged) -> dict[str, Composed]:
    """Return label → composition: the one that the side names, or all that its groups offer.

    Args:
        side: one side of the comparison.
        judged: cache of the problems of config nodes, shared by both sides.
    """
    groups = Groups(side.search_path)
    if side.narrowed:
        return {DEFAULT: Composed(side, groups, judged)}
    found = {DEFAULT: Composed(side, groups, judged, {})}
    for label, chosen in sorted(
        offered(groups.search_path).items(), key=lambda item: not item[0].startswith("experiment=")
    ):
        found[label] = Composed(side, groups, judged, chosen)
    return found


def offered(search_path: Sequence[Path]) -> dict[str, dict[str, Any]]:
    """Return label → group → option for each option of each group, with the options that its own command names.

    For example ``model=cnn`` → ``{"model": "cnn", "data": "digits_image"}``.
    """
    found: dict[str, dict[str, Any]] = {}
    for folder in search_path:
        for path in sorted(folder.rglob("*.yaml")):
            group, option = path.parent.relative_to(folder).as_posix(), path.stem
            label = f"{group}={option}"
            if group == "." or group.startswith("hydra") or is_block_file(path, folder):
                continue
            if label not in found:
                chosen: Any = [option] if "/" in group else option
                found[label] = {**_beside(path, search_path), group: chosen}
    return found


def _beside(path: Path, search_path: Sequence[Path]) -> dict[str, Any]:
    """Return the group options in the command at the head of a YAML.

    Values in that command are left out: they would hide those of the file.
    """
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith(COMMAND)]
    try:
        pairs = [word.split("=", 1) for word in shlex.split(lines[0].removeprefix(COMMAND)) if "=" in word]
    except (IndexError, ValueError):
        return {}
    return {
        key: value
        for key, value in pairs
        if value.isidentifier() and any((folder / key).is_dir() for folder in search_path)
    }


def words(chosen: Mapping[str, Any]) -> list[str]:
    """Return chosen options as overrides of a command line."""
    return [
        f"{key}=[{','.join(value)}]" if isinstance(value, list) else f"{key}={value}" for key, value in chosen.items()
    ]


def text_changes(a: Side, b: Side, meaningless: bool) -> tuple[str, ...]:
    """Return the files that differ in text and mean the same on both sides.

    Args:
        meaningless: whether no change of meaning was found, so that every file that differs counts.
    """
    if a.fixed or b.fixed or a.narrowed or b.narrowed:
        return ()
    found = []
    for one, other in zip(a.search_path, b.search_path, strict=True):
        for path in sorted(one.rglob("*.yaml")):
            twin = other / path.relative_to(one)
            if twin.is_file() and twin.read_bytes() != path.read_bytes() and (meaningless or _alike(path, twin)):
                found.append(f"{other.name}/{path.relative_to(one).as_posix()}")
    return tuple(found)


def _alike(path: Path, twin: Path) -> bool:
    """Return whether two YAML files have the same content, in the same order where order matters."""
    try:
        one, other = (read_yaml_file(file)[0] for file in (path, twin))
    except ConfigError:
        return False
    return bool(one == other) and _in_order(one) == _in_order(other)


def _in_order(content: Any) -> list[list[Any]]:
    """Return the keys, in order, of each part of a YAML whose order matters."""
    found = [content.get(path.rpartition(".")[2]) for path in ORDERED] if isinstance(content, Mapping) else []
    return [[*part] for part in found if isinstance(part, Mapping)]
