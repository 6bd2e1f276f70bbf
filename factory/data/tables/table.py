"""CHILD: A table as it was read from one or several files, whose errors name file, row and column."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from factory.data.dataset import Array


@dataclass(frozen=True)
class Part:
    """A file that rows of a table come from.

    Args:
        name: of the file, for errors.
        rows: how many rows of values it has.
    """

    name: str
    rows: int


@dataclass(frozen=True)
class Table:
    """A table as it was read.

    Args:
        name: of the file, or of the folder or pattern of part files, for errors about the whole of it.
        frame: its columns; those of a CSV file are all text.
        first: the number of the first row of values as a reader of a file counts: 2 below a header.
        parts: the files, where there are several.
        rows: where each row of the frame stands among all that were read; None where none was taken away.
    """

    name: str
    frame: pl.DataFrame
    first: int
    parts: tuple[Part, ...] = ()
    rows: Array | None = None

    def __len__(self) -> int:
        return len(self.frame)

    def at(self, row: int, column: str) -> str:
        """Return the words by which errors name a cell; ``row`` counts from 0."""
        row = row if self.rows is None else int(self.rows[row])
        name = self.name
        for part in self.parts:
            name = part.name
            if row < part.rows:
                break
            row -= part.rows
        return f"{name}: row {row + self.first}, column {column!r}"

    def keep(self, wanted: pl.Series) -> Table:
        """Return the table of the rows where ``wanted`` is true."""
        rows = np.arange(len(self)) if self.rows is None else self.rows
        return replace(self, frame=self.frame.filter(wanted), rows=rows[wanted.to_numpy()])

    def renamed(self, names: dict[str, str]) -> Table:
        """Return the table with some columns under other names."""
        return replace(self, frame=self.frame.rename(names))


def identifier(column: str) -> str:
    """Return the name of a column as an identifier, which clients of every format can write.

    >>> identifier("price (EUR)")
    'price_EUR'
    """
    name = re.sub(r"\W+", "_", column).strip("_")
    return name if name.isidentifier() else f"column_{name}"


def first_true(bad: pl.Series) -> int:
    """Return the index of the first true value."""
    index = bad.arg_true()
    return int(index[0])


def as_text(values: pl.Series) -> pl.Series:
    """Return categorical values as the text they are; other values as they are."""
    return values.cast(pl.String) if values.dtype == pl.Categorical or isinstance(values.dtype, pl.Enum) else values


def examples(values: pl.Series, count: int = 3) -> list[Any]:
    """Return the first few distinct values that are not missing."""
    return values.drop_nulls().unique(maintain_order=True).head(count).to_list()


def as_labels(values: pl.Series) -> Array:
    """Return labels as int64 where every one is written as a whole number (not ``007``), as text otherwise."""
    if values.dtype != pl.String:
        return values.to_numpy()
    whole = values.cast(pl.Int64, strict=False)
    if not whole.has_nulls() and (whole.cast(pl.String) == values).all():
        return whole.to_numpy()
    return np.array(values.to_list(), dtype=str)
