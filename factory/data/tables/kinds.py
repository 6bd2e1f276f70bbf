"""CHILD: Inference of what a table's columns are: numbers, categories, booleans, date-times, texts, or of no use."""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

from factory.core.messages import shown
from factory.data.tables.datetimes import formats_of
from factory.data.tables.numbers import MISSING, Notation, likelier, parse_numbers, without_missing
from factory.data.tables.table import as_text, first_true
from factory.preprocessing import declared as d

IDENTIFIER = re.compile(
    r"(?:^|_|\b|(?<=[a-z]))(?:id|ids|uuid|guid|key|index|idx|rownum|row|nr|no|number)$", re.IGNORECASE
)
CODE = re.compile(r"^[+-]?0\d")
PAIRS = (
    ("yes", "no"),
    ("true", "false"),
    ("y", "n"),
    ("t", "f"),
    ("on", "off"),
    ("ja", "nein"),
    ("oui", "non"),
    ("si", "no"),
)
"""Spellings of yes and no, in small letters."""

FEW = 20
"""Rows below which nothing can be said of how often values repeat."""
MOST_CATEGORIES = 1000
UNIQUE = 0.95
"""Share of different values from which on a column tells rows apart, and nothing of new rows."""
WORDS, VARIED = 3.0, 30
"""Mean number of words, and number of different values, from which on values are text."""
ALMOST = 0.5
"""Share of numbers from which on a column is meant to be of numbers, and what else is in it is a fault."""


@dataclass(frozen=True)
class Inferred:
    """What a column is, and why.

    Args:
        declared: what a user would declare of it.
        reason: what in its values says so.
        fault: the row, counted from 0, that contradicts it, and what is the matter; None where nothing does.
    """

    declared: d.Declared
    reason: str
    fault: tuple[int, str] | None = None

    @property
    def ignored(self) -> bool:
        """Whether the model does not read the column."""
        return isinstance(self.declared, d.Ignore)


def infer_kind(name: str, column: pl.Series, notation: Notation) -> Inferred:
    """Return what a column of a table is.

    Args:
        name: of the column, which may be called like an identifier.
        column: as it was read: text, or what a Parquet file holds.
        notation: how numbers are written.
    """
    column = as_text(column)
    if column.dtype == pl.String:
        return _of_text(name, column, notation)
    if not column.drop_nulls().len():
        return Inferred(d.Ignore(), "empty in every row")
    if column.drop_nulls().n_unique() == 1 and not column.has_nulls():
        return Inferred(d.Ignore(), f"{shown(column[0])} in every row")
    if column.dtype == pl.Boolean:
        return Inferred(d.Boolean(), "stored as true and false")
    if column.dtype.is_numeric():
        return _of_numbers(name, column.cast(pl.Float64), f"stored as {column.dtype}")
    if column.dtype in (pl.Date, pl.Datetime):
        return Inferred(d.Datetime(), f"stored as {column.dtype}")
    return Inferred(d.Ignore(), f"stored as {column.dtype}, of which no number is made")


def _of_text(name: str, column: pl.Series, notation: Notation) -> Inferred:
    """Infer the kind of a column of text."""
    values = without_missing(column, notation, MISSING)
    present = values.drop_nulls()
    if not len(present):
        return Inferred(d.Ignore(), "empty in every row")
    distinct = present.unique(maintain_order=True)
    if len(distinct) == 1 and not values.has_nulls():
        return Inferred(d.Ignore(), f"{shown(present[0])} in every row")
    if (both := _yes_and_no(distinct)) is not None:
        return Inferred(both, f"{' and '.join(distinct.to_list()[:2])}")
    numbers = parse_numbers(values, notation)
    read = len(numbers) - numbers.null_count()
    if read == len(present):
        if present.str.contains(CODE.pattern).any():
            return _of_words(name, column, present, "digits with leading zeros")
        return _of_numbers(name, numbers, "every value is a number")
    if form := formats_of(values):
        also = f"; {form[1]} fits as well" if len(form) > 1 else ""
        return Inferred(d.Datetime(format=form[0]), f"every value is a date as {form[0]}{also}")
    text = numbers.is_null() & values.is_not_null()
    if other := likelier(values, notation):
        row = first_true(text)
        return Inferred(
            d.Number(), "", fault=(row, f"got {shown(values[row])}; takes numbers; {_read_by(other)} reads it")
        )
    if read > ALMOST * len(present):
        row = first_true(text)
        takes = f"takes a number, as {read} of {len(present)} values are"
        ways = (
            f"data.missing=[{values[row]}] counts it as missing, data.columns={{{name}: category}} takes all as words"
        )
        return Inferred(d.Number(), "", fault=(row, f"got {shown(values[row])}; {takes}; {ways}"))
    return _of_words(name, column, column.filter((column != "").fill_null(False)), "")


def _yes_and_no(distinct: pl.Series) -> d.Boolean | None:
    """Return the declaration of a boolean that has these values; None where they are no spellings of yes and no."""
    words = set(distinct.head(FEW).str.to_lowercase().to_list())
    for yes, no in PAIRS:
        if words == {yes, no}:
            return d.Boolean() if yes in d.YES and no in d.NO else d.Boolean(true=(yes,), false=(no,))
    return None


def _of_numbers(name: str, numbers: pl.Series, why: str) -> Inferred:
    """Infer whether numbers measure something or tell rows apart."""
    present = numbers.drop_nulls()
    whole = bool((present == present.round()).all())
    if whole and len(present) >= FEW and present.n_unique() == len(present) and not numbers.has_nulls():
        if present.max() - present.min() == len(present) - 1:  # type: ignore[operator]  # both are floats
            return Inferred(d.Ignore(), "a number of its own for each row, without a gap")
        if IDENTIFIER.search(name):
            return Inferred(d.Ignore(), "a number of its own for each row, named like an identifier")
    return Inferred(d.Number(), why)


def _of_words(name: str, column: pl.Series, present: pl.Series, why: str) -> Inferred:
    """Infer whether words are categories, text, or tell rows apart."""
    distinct, count = present.n_unique(), len(present)
    words = float(present.head(10_000).str.strip_chars().str.count_matches(r"\s+").mean() or 0) + 1  # type: ignore[arg-type]
    share = distinct / count
    if count >= FEW and words >= WORDS and distinct > min(VARIED, 0.5 * count):
        return Inferred(d.Text(), f"{words:.0f} words in a value, {distinct} different ones in {count}")
    if count >= FEW and share >= UNIQUE:
        return Inferred(d.Ignore(), f"{distinct} different values in {count} rows: an identifier")
    few = f"{distinct} different value{'s' * (distinct > 1)}"
    if distinct > MOST_CATEGORIES:
        few += f", of which the most frequent {MOST_CATEGORIES} are told apart"
    return Inferred(d.Category(), f"{why}, {few}" if why else few)


def _read_by(notation: Notation) -> str:
    """Return the overrides by which a notation is declared."""
    thousands = f" data.thousands='{notation.thousands}'" if notation.thousands else ""
    decimal = f"data.decimal='{notation.decimal}'" if notation.decimal != "." else ""
    return f"{decimal}{thousands}".strip()
