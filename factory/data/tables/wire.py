"""CHILD: From a table's columns to the wire: float64 (NaN is missing) or text (the empty text is missing)."""

from __future__ import annotations

from typing import Any

import polars as pl

from factory.core.messages import shown
from factory.data.tables.datetimes import formats_of, parse_datetimes, seconds
from factory.data.tables.numbers import MISSING, Notation, parse_numbers, without_missing
from factory.data.tables.table import Table, as_text, first_true
from factory.preprocessing import declared as d

NUMERIC = (d.Number, d.Datetime)
"""What is float64 on the wire; the others are text."""


def to_wire(table: Table, name: str, declared: d.Declared, notation: Notation) -> pl.Series | str:
    """Return one column as clients send it, or the line that says which of its values has none of its kind.

    Args:
        table: that holds it.
        name: of the column.
        declared: what it is.
        notation: how numbers are written.
    """
    values = as_text(table.frame[name])
    if not isinstance(declared, NUMERIC):
        return _words(values, notation, MISSING if isinstance(declared, d.Boolean) else ("",))
    if values.dtype == pl.String:
        given = without_missing(values, notation, MISSING)
        if isinstance(declared, d.Datetime):
            form = declared.format or next(iter(formats_of(given)), "%Y-%m-%d")
            numbers, takes = parse_datetimes(given, form), f"a date-time as {form}"
        else:
            numbers, takes = parse_numbers(given, notation), "a number"
        unread = numbers.is_null() & given.is_not_null()
    elif values.dtype.is_numeric() or values.dtype == pl.Boolean:
        numbers, unread, takes = values.cast(pl.Float64), pl.Series([False]), ""
    elif isinstance(declared, d.Datetime) and values.dtype in (pl.Date, pl.Datetime):
        numbers, unread, takes = seconds(values), pl.Series([False]), ""
    else:
        return f"{table.name}: column {name!r} holds {values.dtype}; takes what a {declared.kind} can be read from"
    if unread.any():
        row = first_true(unread)
        return f"{table.at(row, name)}: got {shown(values[row])}; takes {takes}; {ways(name, values[row])}"
    if (infinite := numbers.is_infinite().fill_null(False)).any():
        row = first_true(infinite)
        return f"{table.at(row, name)}: got {shown(values[row])}; takes a finite number; {ways(name, values[row])}"
    return numbers.fill_null(float("nan")).alias(name)


def _words(values: pl.Series, notation: Notation, missing: tuple[str, ...]) -> pl.Series:
    """Return values as text, the empty text where they are missing."""
    name = values.name
    if values.dtype == pl.Boolean:
        values = values.cast(pl.String)
    elif values.dtype.is_float() and (values.is_null() | (values == values.round())).all():
        values = values.cast(pl.Int64, strict=False).cast(pl.String)  # a column of integers with gaps
    elif values.dtype != pl.String:
        values = values.cast(pl.String)
    return without_missing(values, notation, missing).fill_null("").alias(name)


def ways(name: str, value: Any) -> str:
    """Return what a user can write in the config about a value that is not of its column's kind."""
    return f"data.missing=[{value}] counts it as missing; or declare another kind in data.columns.{name}"
