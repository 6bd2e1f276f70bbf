"""CHILD: Data source ``parquet``: tables in Parquet files, with columns of any kind and one or several targets."""

from __future__ import annotations

from typing import Any, Literal

import polars as pl

from factory.config.declaration import FilePath
from factory.config.named_files import find_files
from factory.core.errors import DataError
from factory.core.foreign_errors import first_line
from factory.data.dataset import Source
from factory.data.tables.columns import RawTable
from factory.data.tables.numbers import Notation
from factory.data.tables.numeric import to_source_as_declared
from factory.data.tables.parts import join_parts

SUFFIXES = (".parquet", ".pq")
"""Of the part files in a folder."""

EFFECTS = {"target": "signature", "columns": "signature", "task": "signature"}


def read(
    *,
    path: FilePath,
    target: str | list[str] | dict[str, Literal["classification", "regression"]],
    task: Literal["classification", "regression"] | None = None,
    columns: list[str] | dict[str, Any] | None = None,
    preprocess: bool = False,
    missing_target: Literal["drop", "refuse"] = "drop",
    weight: str | None = None,
    missing: list[str] | None = None,
) -> Source | RawTable:
    """Read Parquet files.

    Args:
        path: of the file, of a folder of part files, or a pattern. Errors count the rows of a file from 1.
        target: the column to predict, several, or column → task.
        task: whether the targets are labels or numbers; null infers it.
        columns: null takes every column but the target; names take these, in order; column → declaration.
        preprocess: whether columns may be of any kind; false takes numbers alone, as one input ``features``.
        missing_target: ``drop`` leaves out rows without a target, ``refuse`` takes none.
        weight: the column that says how much each row counts in the loss.
        missing: spellings of what is missing, beside null and the empty text.

    Raises:
        DataError: no such file or column, parts of different columns, or values of another kind.
    """
    frames = {}
    problems: list[str] = []
    for file in find_files(path, "data.path", SUFFIXES):
        try:
            frames[file] = pl.read_parquet(file, glob=False)
        except (pl.exceptions.PolarsError, OSError) as error:
            problems.append(f"{file.name}: got no Parquet file; {first_line(error)}")
    if problems:
        raise DataError(problems)
    table = join_parts(path, frames, first=1)
    if preprocess:
        notation = Notation(missing=tuple(missing or ()))
        return RawTable(table, target, task, columns, notation, missing_target, weight)
    return to_source_as_declared(table, target, task, columns)
