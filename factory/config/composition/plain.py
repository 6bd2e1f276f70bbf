"""PARENT: Fast composition without Hydra for plain config groups: one millisecond instead of sixty, the same result.

A review composes every default and experiment twice. Groups that do what nearly all do (a defaults list of names and
options, ``override /group`` in an experiment or in data, ``${a.b}``) are read here; at anything else `NotPlain` is
raised and Hydra composes. Hydra has the last word on what a config is: a test compares both on every composition of
conf/.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factory.config.composition.block_files import missing_blocks
from factory.config.composition.data_name import data_name
from factory.config.composition.hydra_source import package as header
from factory.config.composition.untrusted_yaml import refusals
from factory.config.composition.yaml_files import parse_yaml
from factory.config.merging import merge
from factory.config.schema.nodes import with_defaults
from factory.core.bounded_yaml import NotReadable
from factory.core.errors import ConfigError

REFERENCE = re.compile(r"\$\{([\w.:/]+)\}")
CHOICE = "hydra:runtime.choices."
DATA_NAME = "data_name:"


class NotPlain(Exception):
    """A config that only Hydra can compose."""


@dataclass(frozen=True)
class Part:
    """A YAML file of a config group, parsed.

    Args:
        everywhere: whether its package is ``_global_``: its keys lie at the root of the tree, whatever its group.
        defaults: its defaults list, with ``_self_`` in it.
        content: its own keys.
    """

    everywhere: bool
    defaults: tuple[Any, ...]
    content: Mapping[str, Any]


class Groups:
    """Config groups in the folders of a search path, each file read once.

    Args:
        search_path: the config search path; a file in an earlier folder hides those of later ones.
    """

    def __init__(self, search_path: Sequence[Path]) -> None:
        self.search_path = search_path
        self.parts: dict[str, Part] = {}

    def read(self, path: str) -> Part:
        """Return the parsed file of a group's option, such as ``model/mlp``.

        Raises:
            NotPlain: there is no such file, or only Hydra can read it.
        """
        if path not in self.parts:
            files = (folder / f"{path}.yaml" for folder in self.search_path)
            file = next((file for file in files if file.is_file()), None)
            if file is None:
                raise NotPlain
            self.parts[path] = _parsed(file.read_text(encoding="utf-8"))
        return self.parts[path]

    def blocks_of(self, model: Any) -> dict[str, dict[str, Any]]:
        """Return the blocks in files that a model names.

        Raises:
            NotPlain: a file is refused, which Hydra's way says.
        """
        try:
            return missing_blocks(model, self.search_path)
        except ConfigError as error:
            raise NotPlain from error


def compose(groups: Groups, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Return the resolved tree of the primary config with these options.

    Args:
        groups: of the search path.
        chosen: group → option, or list of options.

    Raises:
        NotPlain: Hydra is needed, if only to say what is wrong.
    """
    composition = _Composition(groups, chosen)
    composition.add("config", ())
    if not chosen.keys() <= composition.choices.keys():
        raise NotPlain
    tree = {key: value for key, value in composition.tree.items() if key != "hydra"}
    if blocks := groups.blocks_of(tree.get("model")):
        tree["model"] = {**tree["model"], "blocks": {**tree["model"].get("blocks", {}), **blocks}}
    return with_defaults({key: _resolved(value, tree, composition.choices) for key, value in tree.items()})


class _Composition:
    """A composition in progress: the tree and the choices so far."""

    def __init__(self, groups: Groups, chosen: Mapping[str, Any]) -> None:
        self.read = groups.read
        self.tree: dict[str, Any] = {}
        self.choices: dict[str, Any] = {}
        self.wanted = {**self._demanded(chosen), **chosen}

    def _demanded(self, chosen: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options that experiments and data override by group; the last in the defaults list wins."""
        demanded: dict[str, Any] = {}
        for group, option in reversed(list(_options(self.read("config").defaults))):
            option = chosen.get(group, demanded.get(group, option))
            if isinstance(option, str) and "override" not in group:
                for demand, wanted in self._overrides(group, option):
                    demanded.setdefault(demand, wanted)
        return demanded

    def _overrides(self, group: str, option: str) -> Iterator[tuple[str, Any]]:
        """Yield what a file overrides by group, then what the files of its own group that it is made of do."""
        defaults = self.read(f"{group}/{option}").defaults
        for key, wanted in _options(defaults):
            if key.startswith("override /"):
                demand, _, package = key.removeprefix("override /").partition("@")
                if package not in ("", f"_global_.{demand}"):
                    raise NotPlain
                yield demand, wanted
        for entry in reversed(defaults):
            if isinstance(entry, str) and entry != "_self_":
                yield from self._overrides(group, entry)

    def add(self, path: str, package: tuple[str, ...]) -> None:
        """Merge a file and what its defaults list names."""
        part, group = self.read(path), path.rpartition("/")[0]
        for entry in part.defaults:
            match entry:
                case "_self_":
                    self.merge(part.content, () if part.everywhere else package)
                case str() if entry.replace("_", "").isalnum():
                    self.add(f"{group}/{entry}" if group else entry, package)
                case dict() if len(entry) == 1:
                    ((key, option),) = entry.items()
                    self.add_option(str(key), option, group, () if part.everywhere else package)
                case _:
                    raise NotPlain

    def add_option(self, key: str, option: Any, group: str, package: tuple[str, ...]) -> None:
        """Merge what one ``group: option`` of a defaults list names."""
        if key.startswith(("override /", "override hydra/")):  # the former `_demanded` has read, the latter is logging
            return
        if not re.fullmatch(r"\w+", key):
            raise NotPlain
        whole = f"{group}/{key}" if group else key
        self.choices[whole] = option = self.wanted.get(whole, option)
        for name in option if isinstance(option, list) else [option]:
            if isinstance(name, str) and re.fullmatch(r"[\w.\-]+", name):
                self.add(f"{whole}/{name}", (*package, key))
            elif name is not None:
                raise NotPlain

    def merge(self, content: Mapping[str, Any], package: tuple[str, ...]) -> None:
        """Merge the content of a file into the tree, below its package."""
        for key in reversed(package):
            content = {key: content}
        self.tree = merge(self.tree, content)


@functools.lru_cache(maxsize=1024)
def _parsed(text: str) -> Part:
    """Parse a file from its text, once: most files are the same on both sides of a review."""
    package = header(text)
    if package not in (None, "_global_"):
        raise NotPlain
    try:
        content = parse_yaml(text)
    except NotReadable as error:
        raise NotPlain from error
    if not isinstance(content, dict) or any(refusals("", package, content)):
        raise NotPlain
    content = dict(content)
    defaults = content.pop("defaults", [])
    return Part(package is not None, tuple(defaults if "_self_" in defaults else [*defaults, "_self_"]), content)


def _options(defaults: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    """Yield each ``group: option`` of a defaults list."""
    for entry in defaults:
        if isinstance(entry, Mapping):
            yield from entry.items()


def _resolved(value: Any, tree: Mapping[str, Any], choices: Mapping[str, Any]) -> Any:
    """Return a value with its interpolations resolved."""
    if isinstance(value, Mapping):
        return {key: _resolved(part, tree, choices) for key, part in value.items()}
    if isinstance(value, list):
        return [_resolved(part, tree, choices) for part in value]
    if not isinstance(value, str) or "${" not in value:
        return value
    whole = REFERENCE.fullmatch(value)
    if whole:
        return _found(whole[1], tree, choices)
    text = REFERENCE.sub(lambda match: _word(_found(match[1], tree, choices)), value)
    if "${" in text or "\\" in text:
        raise NotPlain
    return text


def _found(reference: str, tree: Mapping[str, Any], choices: Mapping[str, Any]) -> Any:
    """Return the resolved value that a reference leads to."""
    if reference.startswith(CHOICE):
        return choices.get(reference.removeprefix(CHOICE))
    if reference.startswith(DATA_NAME):
        return data_name(_given(reference.removeprefix(DATA_NAME), tree, choices), choices.get("data"))
    node: Any = tree
    for key in reference.split("."):
        if not isinstance(node, Mapping) or key not in node:
            raise NotPlain
        node = node[key]
    return _resolved(node, tree, choices)


def _given(reference: str, tree: Mapping[str, Any], choices: Mapping[str, Any]) -> Any:
    """Return what a reference leads to, None where it leads nowhere."""
    try:
        return _found(reference, tree, choices)
    except NotPlain:
        return None


def _word(value: Any) -> str:
    """Return a value as part of a string."""
    if isinstance(value, str | int) and not isinstance(value, bool):
        return str(value)
    raise NotPlain
