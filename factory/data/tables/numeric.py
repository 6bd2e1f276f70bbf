"""CHILD: A table's numeric columns as one input ``features``: what ``data.preprocess: false`` makes of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from factory.core.errors import DataError
from factory.core.messages import listed, shown, wrong
from factory.data.dataset import Array, Source, Task
from factory.data.tables.table import Table, as_labels, as_text, first_true, identifier


def to_source_as_declared(
    table: Table,
    target: str | list[str] | Mapping[str, Task],
    task: Task | None,
    columns: list[str] | Mapping[str, Any] | None,
) -> Source:
    """Return the numeric columns of a table as one input, as configs from before there was preprocessing mean it."""
    if task is None or isinstance(target, Mapping):
        raise DataError(wrong("data.task", task, "classification or regression where data.preprocess is false"))
    if isinstance(columns, Mapping):
        raise DataError(wrong("data.columns", columns, "a list of names where data.preprocess is false"))
    return to_source(table, target, task, columns)


def to_source(table: Table, target: str | list[str], task: Task, columns: list[str] | None) -> Source:
    """Convert a table to one input ``features`` of all feature columns and outputs of the target columns.

    Args:
        table: as it was read.
        target: a column, or several: then classification makes one output of each, regression a single output
            ``target`` of as many numbers.
        task: whether the target is a label or a number.
        columns: feature columns in order; None takes all but the target.

    Raises:
        DataError: a column is missing or holds what it should not; the problems of all columns at once.
    """
    targets = [target] if isinstance(target, str) else target
    features = [name for name in table.frame.columns if name not in targets] if columns is None else columns
    _check_columns(table, targets, features)
    if not len(table.frame):
        raise DataError(f"{table.name}: got no rows below the header; takes at least 2")
    kinds = ["number"] * len(features) + ["label" if task == "classification" else "number"] * len(targets)
    problems: list[str] = []
    arrays = [_column(table, name, kind, problems) for name, kind in zip([*features, *targets], kinds, strict=True)]
    if problems:
        raise DataError(problems)
    numbers, answers = np.column_stack(arrays[: len(features)]), arrays[len(features) :]
    if task == "classification":
        outputs = {identifier(name): answer for name, answer in zip(targets, answers, strict=True)}
    else:
        outputs = {identifier(target) if isinstance(target, str) else "target": np.column_stack(answers)}
    sources = {"features": features, **{identifier(name): [name] for name in targets}, "target": targets}

    def where(row: int, array: str, position: tuple[int, ...]) -> str:
        names = sources[array]
        return table.at(row, names[position[0] if position else 0])

    tasks: dict[str, Task] = {name: task for name in outputs}
    beside = [] if columns is None else [name for name in table.frame.columns if name not in targets]
    extras = {name: table.frame[name].to_numpy() for name in beside}
    return Source(table.name, {"features": numbers}, outputs, tasks, where, extras, names={"features": features})


def _check_columns(table: Table, targets: Sequence[str], features: Sequence[str]) -> None:
    """Refuse columns that are missing, that are both feature and target, or whose names clients cannot tell apart."""
    present = table.frame.columns
    declared = [*(("data.target", name) for name in targets), *(("data.columns", name) for name in features)]
    takes = f"a column of {table.name}: {listed(present)}"
    problems = [wrong(key, name, takes, present) for key, name in declared if name not in present]
    problems += [
        wrong("data.columns", name, "no target: a model must not read what it predicts")
        for name in features
        if name in targets
    ]
    clients = [identifier(name) for name in targets]
    problems += [
        wrong("data.target", name, f"columns of different names: to clients this is {identifier(name)!r} as is another")
        for name in targets
        if clients.count(identifier(name)) > 1
    ]
    if not problems and not features:
        problems = [wrong("data.columns", list(features), f"at least one column of {table.name} beside the target")]
    if problems:
        raise DataError(problems)


def _column(table: Table, name: str, kind: str, problems: list[str]) -> Array:
    """Return one column as float64, or as text or int64 where ``kind`` is label; problems are appended to the list."""
    values = as_text(table.frame[name])
    if values.dtype == pl.String:
        values = values.str.strip_chars()
    elif not (values.dtype.is_numeric() or values.dtype == pl.Boolean):
        problems.append(
            f"{table.name}: column {name!r} holds {values.dtype}; takes numbers{' or text' * (kind == 'label')}"
        )
        return np.zeros(len(values))
    empty = (values.is_null() | (values == "")) if values.dtype == pl.String else values.is_null()
    if empty.all():
        problems.append(f"{table.name}: column {name!r} is empty; takes a {kind} in each row")
        return np.zeros(len(values))
    if kind == "number" and (text := _mostly_text(values, empty)) is not None:
        problems.append(
            f"{table.name}: column {name!r} holds text (row {text + table.first}: {shown(values[text])}); "
            "takes numbers; name the columns to use in data.columns"
        )
        return np.zeros(len(values))
    if empty.any():
        problems.append(f"{table.at(first_true(empty), name)}: got nothing; takes a {kind}")
        return np.zeros(len(values))
    return as_labels(values) if kind == "label" else _numbers(table, name, values, problems)


def _mostly_text(values: pl.Series, empty: pl.Series) -> int | None:
    """Return the first row of text in a column that holds more text than numbers, ignoring empty cells; else None."""
    text = values.cast(pl.Float64, strict=False).is_null() & ~empty
    return first_true(text) if int(text.sum()) * 2 > int((~empty).sum()) else None


def _numbers(table: Table, name: str, values: pl.Series, problems: list[str]) -> Array:
    """Return a column as float64; the first cell that is no number is appended to the problems."""
    numbers = values.cast(pl.Float64, strict=False)
    text = numbers.is_null()
    if text.any():
        row = first_true(text)
        problems.append(f"{table.at(row, name)}: got {shown(values[row])}; takes a number")
    return numbers.fill_null(0).to_numpy()
