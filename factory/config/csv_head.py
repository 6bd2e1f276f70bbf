"""SHARED: The head of a CSV file, read with Python's library alone, so that the parent can refuse a file at once."""

from __future__ import annotations

import codecs
import csv
import gzip
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from factory.core.errors import DataError
from factory.core.messages import shown, wrong

SEPARATORS = {",": ",", ";": ";", "\t": "\\t", "|": "|"}
"""Separators that a file may have → how an override writes it."""
MAGIC = {
    b"PAR1": "a Parquet file; data=parquet reads it",
    b"PK\x03\x04": "a workbook or another zip file; takes text: save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "an old workbook; takes text: save the sheet as CSV",
    b"\x93NUMPY": "a numpy file; data=npz reads arrays",
    b"%PDF": "a PDF; takes a CSV file",
}
SUFFIXES = (".csv", ".tsv", ".txt")
"""Of the part files in a folder."""
SCANNED = 1 << 16  # bytes of the head that are looked at
ROWS = 20  # first rows that are looked at


@dataclass(frozen=True)
class Head:
    """The head of a CSV file.

    Args:
        names: of the columns; one that has none is called by its place, ``column_3``.
        unnamed: the names of those.
    """

    names: tuple[str, ...]
    unnamed: tuple[str, ...] = ()


def as_character(separator: str) -> str:
    """Return a separator as it is in the file; a tab may be declared as ``\\t``."""
    return "\t" if separator == "\\t" else separator


def read_head(file: Path, separator: str, encoding: str) -> Head:
    """Read the header of a CSV file, and refuse what can be seen to be wrong from the first rows.

    Args:
        file: that exists; gzip is unpacked.
        separator: one character.
        encoding: one of Python's names.

    Raises:
        DataError: another kind of file, encoding or separator; a name that is there twice; no header; names the row.
    """
    check_options(separator, encoding)
    head = _bytes(file)
    for magic, what in MAGIC.items():
        if head.startswith(magic):
            raise DataError(f"{file.name}: got {what}")
    if not head.strip():
        raise DataError(f"{file.name}: got an empty file; takes a header and at least 2 rows")
    if b"\r" in head and b"\n" not in head:
        raise DataError(f"{file.name}: row 1: got lines that end in a carriage return alone; takes line feeds")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and not encoding.lower().startswith("utf-16"):
        raise DataError(f"{file.name}: row 1: got text in UTF-16; data.encoding=utf-16 reads it")
    lines = _lines(head, file.name, encoding)
    try:
        rows = list(itertools.islice(csv.reader(lines, delimiter=separator), ROWS))
    except csv.Error as error:
        raise DataError(f"{file.name}: row 1: got no header; {error}") from error
    return _named(file.name, next((row for row in rows if row), []), rows, lines, separator)


def check_options(separator: str, encoding: str) -> None:
    """Refuse a separator that is not one ASCII character, and an encoding that Python does not know."""
    if len(separator.encode()) != 1:
        raise DataError(wrong("data.separator", separator, "one character" + " of ASCII" * (len(separator) == 1)))
    try:
        codecs.lookup(encoding)
    except (LookupError, ValueError) as error:
        names = ("utf-8", "latin-1", "cp1252", "utf-16", "cp1250", "shift_jis", "gb18030")
        raise DataError(wrong("data.encoding", encoding, f"an encoding, such as {', '.join(names)}", names)) from error


def bad_byte(name: str, row: int, line: bytes, error: UnicodeDecodeError, encoding: str) -> DataError:
    """Return the error for a line that is not in the declared encoding, with the one that it may be in."""
    got = f"the byte {line[error.start]:#04x}, which is no {encoding.upper()} text"
    likely = "cp1252" if any(0x80 <= byte < 0xA0 for byte in line) else "latin-1"
    return DataError(
        f"{name}: row {row}: got {got}; takes a file saved as {encoding.upper()}, or data.encoding={likely}"
    )


def _bytes(file: Path) -> bytes:
    """Return the first bytes of a file, unpacked."""
    with open(file, "rb") as opened:
        head = opened.read(SCANNED)
    if not head.startswith(b"\x1f\x8b"):
        return head
    try:
        with gzip.open(file) as packed:
            return packed.read(SCANNED)
    except (OSError, EOFError) as error:
        raise DataError(f"{file.name}: got a broken gzip file; {error}") from error


def _lines(head: bytes, name: str, encoding: str) -> list[str]:
    """Return the whole lines of the head as text; of a file that is longer, the last may be cut and is left out."""
    if encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32")):
        return head[: len(head) // 4 * 4].decode(encoding, errors="replace").splitlines(keepends=True)
    raw = head.splitlines(keepends=True)
    raw = raw[:-1] if len(head) == SCANNED and len(raw) > 1 else raw
    decoded = []
    for number, line in enumerate(raw, start=1):
        try:
            decoded.append(line.decode("utf-8-sig" if number == 1 and encoding.lower() == "utf-8" else encoding))
        except UnicodeDecodeError as error:
            raise bad_byte(name, number, line, error, encoding) from error
    return decoded


def _named(name: str, header: list[str], rows: list[list[str]], lines: Sequence[str], separator: str) -> Head:
    """Return the head with these names, unless they show that the file is another than declared."""
    if len(header) == 1:
        for other, written in SEPARATORS.items():
            width = len(next(csv.reader(lines[:1], delimiter=other), []))
            if other != separator and width > 1:
                raise DataError(
                    f"{name}: row 1: got one column, {shown(header[0])}; "
                    f"its {width} columns look separated by {shown(other)}: data.separator='{written}'"
                )
    twice = [column for column in header if column and header.count(column) > 1]
    if twice:
        raise DataError(f"{name}: row 1: got the column {twice[0]!r} twice; takes each name once")
    if len(rows) > 1 and all(_is_number(cell) for cell in header):
        raise DataError(
            f"{name}: row 1: got numbers, {shown(', '.join(header))}; takes a header, a name for each column"
        )
    named, unnamed = [], []
    for place, column in enumerate(header, start=1):
        free = f"column_{place}" if f"column_{place}" not in header else f"column_{place}_"
        named.append(column or free)
        unnamed += [] if column else [free]
    return Head(tuple(named), tuple(unnamed))


def _is_number(cell: str) -> bool:
    """Return whether a cell is written as a number."""
    try:
        float(cell)
    except ValueError:
        return False
    return True
