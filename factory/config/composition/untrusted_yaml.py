"""PARENT: The check of a config group's YAML file: values, names and references; nothing that is called or read.

Whoever wrote it is a stranger: it names no code, sets little of Hydra's node (`hydra_node`), takes options from its
own folders only, and its interpolations read nothing but the config (`interpolations`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from factory.config.composition import interpolations
from factory.config.composition.hydra_node import CALLS, CHOICES, NODE, refused_keys
from factory.config.schema.strict import dotted
from factory.core import messages

NAME = re.compile(r"[\w.\-/ @:${}]{1,200}")
PACKAGE = re.compile(r"_global_|_group_|_name_|[\w\-]+(\.[\w\-]+)*")


def refusals(path: str, package: str | None, content: Any) -> Iterator[str]:
    """Yield a line for each reason to refuse a file.

    Args:
        path: group and option, such as ``model/mlp``.
        package: from the file's header, ``# @package …``; None where it has none.
        content: the parsed file; None where it is empty.
    """
    group = path.rpartition("/")[0]
    if package is not None and (not PACKAGE.fullmatch(package) or names_hydra(package)):
        yield messages.wrong("@package", package, "_global_, _group_ or a key")
    if not isinstance(content, Mapping | None):
        yield f"got {messages.shown(content)}; takes a mapping"
        return
    content = content or {}
    own = {key: part for key, part in content.items() if key != "defaults"}
    yield from _defaults(group, content.get("defaults", []))
    yield from _values(own)
    if group.split("/")[0] == NODE:
        inside = {group.removeprefix("hydra/"): own} if group in CHOICES and package is None else {group: own}
        yield from refused_keys(inside)
    elif NODE in own:
        yield from refused_keys(own[NODE])


def _defaults(group: str, defaults: Any) -> Iterator[str]:
    """Yield the problems of a defaults list."""
    takes = "a list of options and of group: option"
    if not isinstance(defaults, list):
        yield messages.wrong("defaults", defaults, takes)
        return
    for index, entry in enumerate(defaults):
        where = f"defaults[{index}]"
        if isinstance(entry, str):
            yield from _choice(where, group, *_split(entry.rpartition("/")[0], entry.rpartition("/")[2]))
        elif isinstance(entry, Mapping) and len(entry) == 1 and isinstance(key := next(iter(entry)), str):
            options = entry[key] if isinstance(entry[key], list) else [entry[key]]
            for option in options or [None]:
                if option is not None and not isinstance(option, str):
                    yield messages.wrong(f"{where}.{key}", option, "the name of an option, a list of names, or null")
                else:
                    yield from _choice(where, group, *_split(key.split(" ")[-1], option))
        else:
            yield messages.wrong(where, entry, takes)


def _split(group: str, option: str | None) -> tuple[str, str | None, str]:
    """Split an entry such as ``model@a.b`` and ``mlp@c`` into group, option and packages."""
    group, _, package = group.partition("@")
    option, _, another = (option or "").partition("@")
    return group, option or None, f"{package}.{another}"


def _choice(where: str, group: str, other: str, option: str | None, package: str) -> Iterator[str]:
    """Yield the problems of one entry of a defaults list in which a file of ``group`` names an option of ``other``."""
    named = f"{other}/{option}" if option else other
    if not NAME.fullmatch(named or "_") or ".." in named.split("/") or named.startswith("//") or "$" in other:
        yield messages.wrong(where, named, "names of groups and options")
    whole = other.removeprefix("/") if other.startswith("/") else "/".join(filter(None, (group, other)))
    if names_hydra(package):
        yield messages.wrong(where, package.strip("."), f"a package that is not {NODE}")
    elif NODE in (other.removeprefix("/").split("/")[0], whole.split("/")[0]):
        whole = whole if whole.split("/")[0] == NODE else other.removeprefix("/")
        if whole not in CHOICES:
            yield messages.unknown(f"{where}: {whole}", whole, list(CHOICES))
        elif option not in (*CHOICES[whole], "_self_"):
            yield messages.wrong(f"{where}: {whole}", option, messages.listed(CHOICES[whole]), CHOICES[whole])


def names_hydra(package: str) -> bool:
    """Return whether a package names Hydra's own node."""
    return NODE in re.split(r"[.:]", package)


def _values(value: Any, *steps: str | int) -> Iterator[str]:
    """Yield the problems of keys and of interpolations, at any depth."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            if CALLS.fullmatch(str(key)):
                yield f"{dotted('', *steps, str(key))}: unknown key; takes names of layers and options, never code"
            yield from _values(part, *steps, str(key))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _values(part, *steps, index)
    elif isinstance(value, str) and "${" in value:
        for problem in interpolations.refused(value):
            yield f"{dotted('', *steps)}: {problem}"
