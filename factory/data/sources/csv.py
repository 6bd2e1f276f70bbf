"""CHILD: Data source ``csv``: tables in CSV files, with columns of any kind and one or several targets."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any, Literal

import polars as pl

from factory.config.csv_head import SUFFIXES, as_character, bad_byte, read_head
from factory.config.declaration import FilePath
from factory.config.named_files import find_files
from factory.core.errors import DataError
from factory.core.foreign_errors import first_line
from factory.data.dataset import Source
from factory.data.tables.columns import RawTable
from factory.data.tables.numbers import Notation
from factory.data.tables.numeric import to_source_as_declared
from factory.data.tables.parts import join_parts

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
    separator: str = ",",
    encoding: str = "utf-8",
    decimal: Literal[".", ","] = ".",
    thousands: Literal[",", ".", " ", "'"] | None = None,
    missing: list[str] | None = None,
) -> Source | RawTable:
    """Read CSV files.

    Args:
        path: of the file, with a header; of a folder of part files; or a pattern. Errors count rows as a spreadsheet
            does: the header is row 1.
        target: the column to predict, several, or column → task.
        task: whether the targets are labels or numbers; null infers it.
        columns: null takes every column but the target; names take these, in order; column → declaration.
        preprocess: whether columns may be of any kind; false takes numbers alone, as one input ``features``.
        missing_target: ``drop`` leaves out rows without a target, ``refuse`` takes none.
        weight: the column that says how much each row counts in the loss.
        separator: one character; ``\\t`` is a tab.
        encoding: one of Python's names.
        decimal: the character before the fraction of a number.
        thousands: the character between groups of three digits.
        missing: spellings of what is missing, beside the empty cell and, in numbers and dates, ``NA`` and its like.

    Raises:
        DataError: no such file or column, another separator or encoding, ragged rows, or values of another kind.
    """
    frames, separator = {}, as_character(separator)
    problems: list[str] = []
    for file in find_files(path, "data.path", SUFFIXES):
        try:
            frames[file] = _read_file(file, separator, encoding)
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    table = join_parts(path, frames, first=2)
    if preprocess:
        notation = Notation(decimal, thousands, tuple(missing or ()))
        return RawTable(table, target, task, columns, notation, missing_target, weight)
    return to_source_as_declared(table, target, task, columns)


def _read_file(file: Path, separator: str, encoding: str) -> pl.DataFrame:
    """Read one file, all columns as text, so that errors can quote a cell as it is written."""
    names = read_head(file, separator, encoding).names
    utf8 = encoding.lower().replace("_", "-") in ("utf-8", "utf8")
    try:
        source: Path | io.BytesIO = file if utf8 else io.BytesIO(file.read_bytes().decode(encoding).encode())
        frame = pl.read_csv(source, separator=separator, infer_schema=False)
    except UnicodeError as error:
        raise DataError(f"{file.name}: got text that is no {encoding}: {error}; takes another data.encoding") from error
    except pl.exceptions.PolarsError as error:
        if utf8:
            _check_text(file)
        _check_rows(file, separator, encoding, len(names))
        raise DataError(f"{file.name}: got no table of values; {first_line(error)}") from error
    if any("\ufffd" in name for name in frame.columns):  # polars does not refuse a header that is not UTF-8
        _check_text(file)
    if frame.null_count().sum_horizontal().sum():
        _check_rows(file, separator, encoding, len(names))  # polars fills short rows with nothing
    frame.columns = list(names)
    return frame


def _check_text(file: Path) -> None:
    """Refuse a file that is not UTF-8, and name the first row that is not."""
    with open(file, "rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                raise bad_byte(file.name, number, line, error, "utf-8") from error


def _check_rows(file: Path, separator: str, encoding: str, width: int) -> None:
    """Refuse a row whose number of values is not that of the header."""
    encoding = "utf-8-sig" if encoding.lower() == "utf-8" else encoding
    with open(file, newline="", encoding=encoding, errors="replace") as lines:
        try:
            for number, row in enumerate(csv.reader(lines, delimiter=separator), start=1):
                if row and len(row) != width:
                    takes = f"takes {width} as in the header"
                    raise DataError(f"{file.name}: row {number}: got {len(row)} values; {takes}")
        except csv.Error as error:
            raise DataError(f"{file.name}: got no table of values; {error}") from error
