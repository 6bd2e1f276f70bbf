"""PARENT: The check of CSV files by their heads: encoding, separator, header, and the columns that a config names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from factory.config.csv_head import SUFFIXES, as_character, read_head
from factory.config.named_files import find_files
from factory.core.errors import DataError
from factory.core.messages import listed, wrong


def check(data: Mapping[str, Any]) -> None:
    """Refuse files whose head shows that they are not what is declared; each part file is looked at.

    Args:
        data: the config's ``data`` node, valid.

    Raises:
        DataError: a line for each fault; `MissingFile` where there is no file.
    """
    names: tuple[str, ...] = ()
    where, problems = "", []
    for file in find_files(data["path"], "data.path", SUFFIXES):
        try:
            head = read_head(file, as_character(data.get("separator", ",")), data.get("encoding", "utf-8"))
        except DataError as error:
            problems += error.problems
            continue
        if not names:
            names, where = head.names, file.name
    takes = f"a column of {where}: {listed(names)}"
    if names:
        problems += [wrong(key, name, takes, names) for key, name in _named(data) if name not in names]
    if problems:
        raise DataError(problems)


def _named(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield config key and name of each column that a table must have."""
    target = data.get("target")
    for name in [target] if isinstance(target, str) else target or ():
        if name != "???":
            yield "data.target", name
    for name in data.get("columns") or ():
        yield "data.columns", str(name)
    if data.get("weight"):
        yield "data.weight", data["weight"]
