"""CHILD: Data source ``csv``: a CSV file of numeric feature columns and one or several target columns."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Literal

import polars as pl

from factory.config.declaration import FilePath
from factory.config.named_files import require_file
from factory.core.errors import DataError
from factory.core.foreign_errors import first_line
from factory.core.messages import wrong
from factory.data.dataset import Source
from factory.data.tables import Table, to_source


def read(
    *,
    path: FilePath,
    target: str | list[str],
    task: Literal["classification", "regression"],
    columns: list[str] | None = None,
    separator: str = ",",
) -> Source:
    """Read a CSV file.

    Args:
        path: of the file, UTF-8, with a header. Errors count rows as a spreadsheet does: the header is row 1.
        target: the column to predict, or several.
        task: whether the target is a label or a number.
        columns: feature columns in order; null takes every column but the target.
        separator: one character.

    Raises:
        DataError: no such file or column, a text column, an empty cell, ragged rows.
    """
    file = require_file(path, "data.path")
    if len(separator.encode()) != 1:
        raise DataError(wrong("data.separator", separator, "one character" + " of ASCII" * (len(separator) == 1)))
    try:
        # All columns as text, so that an error can quote a cell that is no number, with its row.
        frame = pl.read_csv(file, separator=separator, infer_schema=False)
    except pl.exceptions.NoDataError as error:
        raise DataError(f"{file.name}: got an empty file; takes a header and at least 2 rows") from error
    except pl.exceptions.PolarsError as error:
        _check_text(file)
        _check_rows(file, separator)
        raise DataError(f"{file.name}: got no table of values; {first_line(error)}") from error
    if any("\ufffd" in name for name in frame.columns):  # polars does not refuse a header that is not UTF-8
        _check_text(file)
    if frame.null_count().sum_horizontal().sum() or any("_duplicated_" in name for name in frame.columns):
        _check_rows(file, separator)  # polars fills short rows with nothing and renames columns of the same name
    return to_source(Table(file.name, frame, first=2), target, task, columns)


def _check_text(file: Path) -> None:
    """Refuse a file that is not UTF-8, and name the first row that is not."""
    with open(file, "rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                got = f"the byte {line[error.start]:#04x}, which is no UTF-8 text"
                raise DataError(f"{file.name}: row {number}: got {got}; takes a file saved as UTF-8") from error


def _check_rows(file: Path, separator: str) -> None:
    """Refuse a header with a name used twice, and a row whose number of values is not that of the header."""
    with open(file, newline="", encoding="utf-8-sig", errors="replace") as lines:
        rows = csv.reader(lines, delimiter=separator)
        header = next(rows)
        twice = [name for name in header if header.count(name) > 1]
        if twice:
            raise DataError(f"{file.name}: row 1: got the column {twice[0]!r} twice; takes each name once")
        for number, row in enumerate(rows, start=2):
            if len(row) != len(header):
                raise DataError(
                    f"{file.name}: row {number}: got {len(row)} values; takes {len(header)} as in the header"
                )
