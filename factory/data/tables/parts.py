"""CHILD: Part files of one table, joined where they have the same columns."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from factory.core.errors import DataError
from factory.core.messages import listed
from factory.data.tables.table import Part, Table


def join_parts(path: str, frames: Mapping[Path, pl.DataFrame], first: int) -> Table:
    """Join the frames of part files, whose columns are those of the first, in any order.

    Args:
        path: as the config names it.
        frames: file → its rows, at least one file.
        first: number of the first row of values in a file, as its reader counts.

    Raises:
        DataError: a part has other columns, or columns of other types; a line for each part.
    """
    (lead, model), *others = frames.items()
    if not others:
        return Table(lead.name, model, first)
    problems = [line for file, frame in others if (line := _difference(file, frame, lead.name, model))]
    if problems:
        raise DataError(problems)
    schema = {name: _wide([frame.schema[name] for frame in frames.values()]) for name in model.columns}
    joined = pl.concat([frame.select(pl.col(name).cast(schema[name]) for name in schema) for frame in frames.values()])
    parts = tuple(Part(file.name, len(frame)) for file, frame in frames.items())
    return Table(path, joined, first, parts)


def _difference(file: Path, frame: pl.DataFrame, lead: str, model: pl.DataFrame) -> str:
    """Return the line that says how a part differs from the first one, or nothing."""
    lacking = [name for name in model.columns if name not in frame.columns]
    more = [name for name in frame.columns if name not in model.columns]
    if lacking or more:
        words = [f"lacks {listed(lacking)}"] * bool(lacking) + [f"has {listed(more)} beside"] * bool(more)
        return f"{file.name}: got other columns than {lead}: {' and '.join(words)}; takes the same in each part"
    for name in model.columns:
        ours, theirs = model.schema[name], frame.schema[name]
        if ours != theirs and pl.Null not in (ours, theirs) and not (ours.is_numeric() and theirs.is_numeric()):
            return f"{file.name}: column {name!r} holds {theirs}; takes {ours} as in {lead}"
    return ""


def _wide(types: list[pl.DataType]) -> pl.DataType:
    """Return the type that holds the values of all parts: the same, or float64 for numbers of several types."""
    known = [dtype for dtype in types if dtype != pl.Null]
    return known[0] if len(set(known)) == 1 else pl.Float64() if known else types[0]
