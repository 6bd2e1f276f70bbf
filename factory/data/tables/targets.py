"""CHILD: The target columns of a table: what is asked of them, and their values as labels or numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from factory.core.errors import DataError
from factory.core.messages import shown, wrong
from factory.data.dataset import Array, Task
from factory.data.tables.numbers import MISSING, Notation, likelier, parse_numbers, without_missing
from factory.data.tables.table import Table, as_labels, as_text, first_true

FEW = 10
"""Most whole numbers that are taken for labels, where each is met ten times at least on average."""


@dataclass(frozen=True)
class Target:
    """A target column: what it asks for, and why.

    Args:
        name: of the column.
        task: ``classification`` or ``regression``.
        reason: what in its values says so, or that it is declared.
    """

    name: str
    task: Task
    reason: str


def present(table: Table, name: str, notation: Notation) -> pl.Series:
    """Return where a target is not missing."""
    values = as_text(table.frame[name])
    if values.dtype == pl.String:
        values = without_missing(values, notation, MISSING)
    given = values.is_not_null()
    return given & values.is_not_nan() if values.dtype.is_float() else given


def infer_target(table: Table, name: str, task: Task | None, notation: Notation) -> Target:
    """Return what a target column asks for.

    Args:
        table: rows whose target is not missing.
        name: of the column.
        task: as declared; None infers it.
        notation: how numbers are written.

    Raises:
        DataError: the values are neither labels nor numbers.
    """
    if task is not None:
        return Target(name, task, "declared")
    values = as_text(table.frame[name])
    count, distinct = len(values), values.n_unique()
    numbers = parse_numbers(values, notation) if values.dtype == pl.String else values
    if values.dtype == pl.Boolean or (values.dtype == pl.String and numbers.has_nulls()):
        if (other := likelier(values, notation) if values.dtype == pl.String else None) is not None:
            row = first_true(numbers.is_null())
            told = f"data.decimal='{other.decimal}'" + (f" data.thousands='{other.thousands}'" * bool(other.thousands))
            raise DataError(f"{table.at(row, name)}: got {shown(values[row])}; takes numbers; {told} reads it")
        if count > 2 * FEW and distinct > count / 2:
            takes = f"a column of labels or of numbers; {distinct} different texts in {count} rows are neither"
            raise DataError(wrong("data.target", name, takes))
        return Target(name, "classification", f"{distinct} different labels")
    if not numbers.dtype.is_numeric():
        raise DataError(f"{table.name}: column {name!r} holds {values.dtype}; takes labels or numbers")
    numbers = numbers.cast(pl.Float64)
    whole = bool((numbers == numbers.round()).fill_null(False).all())
    if whole and (distinct == 2 or (distinct <= FEW and distinct * 10 <= count)):
        return Target(name, "classification", f"{distinct} different whole numbers")
    return Target(name, "regression", f"{distinct} different numbers")


def answers_of(table: Table, target: Target, notation: Notation) -> Array:
    """Return labels ``(rows,)`` as text or int64, or numbers ``(rows,)`` float64, which need not be finite.

    Raises:
        DataError: a value of a regression target is no number.
    """
    values = as_text(table.frame[target.name])
    if values.dtype == pl.String:
        values = values.str.strip_chars()
    if target.task == "classification":
        return as_labels(values)
    if values.dtype != pl.String:
        return values.cast(pl.Float64).to_numpy()
    numbers = parse_numbers(values, notation)
    if numbers.has_nulls():
        row = first_true(numbers.is_null())
        raise DataError(f"{table.at(row, target.name)}: got {shown(values[row])}; takes a number")
    return numbers.to_numpy()


def tasks_of(target: str | list[str] | Mapping[str, Task], task: Task | None) -> dict[str, Task | None]:
    """Return column → declared task, None where it is to be inferred, for every form that ``data.target`` has."""
    if isinstance(target, Mapping):
        return dict(target)
    return dict.fromkeys([target] if isinstance(target, str) else target, task)
