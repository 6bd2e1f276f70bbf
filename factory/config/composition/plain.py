"""PARENT: Compositions by the hundred: Hydra's result for plain groups, in a millisecond instead of sixty.

A review composes every default and experiment twice. Groups that do what nearly all do (a defaults list of names and
options, ``override /group`` in an experiment, ``${a.b}``) are read here; at anything else `NotPlain` is raised and
Hydra composes. Hydra has the last word on what a config is: a test compares both on every composition of conf/.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factory.config.composition.data_name import data_name
from factory.config.composition.hydra_source import package as header
from factory.config.composition.untrusted_yaml import refusals
from factory.config.composition.yaml_files import NotReadable, parse
from factory.config.schema.nodes import with_defaults

REFERENCE = re.compile(r"\$\{([\w.:/]+)\}")
CHOICE = "hydra:runtime.choices."
DATA_NAME = "data_name:"


class NotPlain(Exception):
    """Only Hydra can say what this means."""


@dataclass(frozen=True)
class Part:
    """One YAML file.

    Args:
        everywhere: its keys lie at the root of the tree, whatever its group.
        defaults: its defaults list, with ``_self_`` in it.
        content: its own keys.
    """

    everywhere: bool
    defaults: tuple[Any, ...]
    content: Mapping[str, Any]


class Groups:
    """Folders of groups, each file read once.

    Args:
        places: a file in an earlier folder hides those of later ones.
    """

    def __init__(self, places: Sequence[Path]) -> None:
        self.places = places
        self.parts: dict[str, Part] = {}

    def read(self, path: str) -> Part:
        if path not in self.parts:
            files = (place / f"{path}.yaml" for place in self.places)
            file = next((file for file in files if file.is_file()), None)
            if file is None:
                raise NotPlain
            self.parts[path] = _parsed(file.read_text(encoding="utf-8"))
        return self.parts[path]


def compose(groups: Groups, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """The resolved tree of the primary config with these options.

    Args:
        groups: of one side.
        chosen: group → option, or list of options.

    Raises:
        NotPlain: Hydra is needed, be it to say what is wrong.
    """
    composition = _Composition(groups, chosen)
    composition.add("config", ())
    if not chosen.keys() <= composition.choices.keys():
        raise NotPlain
    tree = {key: value for key, value in composition.tree.items() if key != "hydra"}
    return with_defaults({key: _resolved(value, tree, composition.choices) for key, value in tree.items()})


class _Composition:
    def __init__(self, groups: Groups, chosen: Mapping[str, Any]) -> None:
        self.read = groups.read
        self.tree: dict[str, Any] = {}
        self.choices: dict[str, Any] = {}
        self.wanted = {**self._demanded(chosen), **chosen}

    def _demanded(self, chosen: Mapping[str, Any]) -> dict[str, Any]:
        """What experiments override; the last one wins."""
        found: dict[str, Any] = {}
        for group, option in _options(self.read("config").defaults):
            option = chosen.get(group, option)
            if isinstance(option, str) and "override" not in group:
                for entry in self.read(f"{group}/{option}").defaults:
                    if isinstance(entry, Mapping) and (key := next(iter(entry))).startswith("override /"):
                        found[key.removeprefix("override /")] = entry[key]
        return found

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
        if key.startswith(("override /", "override hydra/")):  # the first was asked for before, the second logs
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
        for key in reversed(package):
            content = {key: content}
        self.tree = _merged(self.tree, content)


@functools.lru_cache(maxsize=1024)
def _parsed(text: str) -> Part:
    """A file by its text: most are the same on both sides."""
    package = header(text)
    if package not in (None, "_global_"):
        raise NotPlain
    try:
        content = parse(text)
    except NotReadable as error:
        raise NotPlain from error
    if not isinstance(content, dict) or any(refusals("", package, content)):
        raise NotPlain
    content = dict(content)
    defaults = content.pop("defaults", [])
    return Part(package is not None, tuple(defaults if "_self_" in defaults else [*defaults, "_self_"]), content)


def _options(defaults: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    for entry in defaults:
        if isinstance(entry, Mapping):
            yield from entry.items()


def _merged(old: Any, new: Any) -> Any:
    if not (isinstance(old, Mapping) and isinstance(new, Mapping)):
        return new
    return {**old, **{key: _merged(old[key], value) if key in old else value for key, value in new.items()}}


def _resolved(value: Any, tree: Mapping[str, Any], choices: Mapping[str, Any]) -> Any:
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
    if reference.startswith(CHOICE):
        return choices.get(reference.removeprefix(CHOICE))
    if reference.startswith(DATA_NAME):
        return data_name(_given(reference.removeprefix(DATA_NAME), tree, choices), choices.get("data"))
    found: Any = tree
    for key in reference.split("."):
        if not isinstance(found, Mapping) or key not in found:
            raise NotPlain
        found = found[key]
    return _resolved(found, tree, choices)


def _given(reference: str, tree: Mapping[str, Any], choices: Mapping[str, Any]) -> Any:
    """What a reference leads to, None where it leads nowhere."""
    try:
        return _found(reference, tree, choices)
    except NotPlain:
        return None


def _word(value: Any) -> str:
    if isinstance(value, str | int) and not isinstance(value, bool):
        return str(value)
    raise NotPlain
