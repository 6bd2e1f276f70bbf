"""CHILD: Data source ``parquet``: a Parquet file of numeric feature columns and one or several target columns."""

from __future__ import annotations

from typing import Literal

import polars as pl

from factory.config.declaration import FilePath
from factory.config.named_files import require_file
from factory.core.errors import DataError
from factory.core.foreign_errors import first_line
from factory.data.dataset import Source
from factory.data.tables import Table, to_source


def read(
    *,
    path: FilePath,
    target: str | list[str],
    task: Literal["classification", "regression"],
    columns: list[str] | None = None,
) -> Source:
    """Read a Parquet file.

    Args:
        path: of the file. Errors count its rows from 1.
        target: the column to predict, or several.
        task: whether the target is a label or a number.
        columns: feature columns in order; null takes every column but the target.

    Raises:
        DataError: no such file or column, a text column, an empty cell.
    """
    file = require_file(path, "data.path")
    try:
        frame = pl.read_parquet(file, glob=False)
    except pl.exceptions.PolarsError as error:
        raise DataError(f"{file.name}: got no Parquet file; {first_line(error)}") from error
    return to_source(Table(file.name, frame, first=1), target, task, columns)
