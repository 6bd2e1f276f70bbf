"""CHILD: What a split never cuts: groups and equal times, from the column that names them to the part each goes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from factory.core.errors import DataError
from factory.core.messages import listed, shown, wrong
from factory.data.dataset import Array


def column(columns: Mapping[str, Array], name: str, key: str) -> Array:
    """Return a column by its name.

    Args:
        columns: name → values ``(rows,)``.
        name: the wanted one.
        key: config path that names it, for the error.

    Raises:
        DataError: there is no such column, or it holds several values in a row.
    """
    if name not in columns:
        takes = (
            f"a column beside the inputs: {listed([*columns])}" if columns else "null: no column is beside the inputs"
        )
        raise DataError(wrong(key, name, takes, columns))
    values = np.asarray(columns[name])
    if values.ndim != 1:
        raise DataError(wrong(key, name, f"a column of one value in a row; it has {values.shape[1:]}"))
    return values


def codes(values: Array, name: str, what: str) -> Array:
    """Return the number of each row's value among the different ones in their order, ``(rows,)`` from 0.

    Args:
        values: numbers, dates, booleans or text ``(rows,)``; text may be an array of objects.
        name: of the column, for the error.
        what: a value is, in words: ``group``.

    Raises:
        DataError: a row holds nothing.
    """
    nothing = _missing(values)
    if nothing.any():
        row = int(nothing.argmax())
        raise DataError(f"data.split.{what}: row {row} of {name!r} holds nothing; takes a {what} in each row")
    if values.dtype == object:
        values = values.astype(str)
    return np.unique(values, return_inverse=True)[1].reshape(-1)


def times(values: Array, name: str) -> Array:
    """Return the rank of each row's time, ``(rows,)`` from 0; equal times have the same.

    Args:
        values: numbers, dates, or text that says numbers or ISO 8601 dates, ``(rows,)``.
        name: of the column, for the error.

    Raises:
        DataError: a row holds nothing, or text that is no time.
    """
    if values.dtype.kind in "OU" and not _missing(values).any():
        values = _read_times(values.astype(str), name)
    return codes(values, name, "time")


def _missing(values: Array) -> Array:
    """Return where a column holds nothing: None, NaN, no date, or empty text."""
    if values.dtype == object:
        return np.array([value is None or value == "" or value != value for value in values.tolist()], bool)
    if values.dtype.kind == "f":
        return np.isnan(values)
    if values.dtype.kind == "M":
        return np.isnat(values)
    return values == "" if values.dtype.kind == "U" else np.zeros(len(values), bool)


def _read_times(words: Array, name: str) -> Array:
    """Return text as numbers where all of it says numbers, else as dates."""
    try:
        return words.astype(np.float64)
    except ValueError:
        pass
    try:
        return words.astype("datetime64[us]")
    except ValueError as error:
        bad = next(word for word in words.tolist() if not _is_date(word))
        takes = f"a column of numbers or ISO 8601 dates (2026-11-24T15:30); it holds {shown(bad)}"
        raise DataError(wrong("data.split.time", name, takes)) from error


def _is_date(word: str) -> bool:
    """Return whether text is an ISO 8601 date."""
    try:
        np.datetime64(word)
    except ValueError:
        return False
    return True


def sizes(groups: Array, classes: Array | None) -> Array:
    """Return the number of rows of each group and class, ``(groups, classes)``; one column without classes.

    Args:
        groups: number of each row's group ``(rows,)``.
        classes: class index of each row ``(rows,)``.
    """
    classes = np.zeros(len(groups), np.int64) if classes is None else classes.astype(np.int64)
    wide = int(classes.max()) + 1
    counts = np.bincount(groups * wide + classes, minlength=(int(groups.max()) + 1) * wide)
    return counts.reshape(-1, wide)


def assign(counts: Array, shares: Sequence[float], generator: np.random.Generator, reserve: int = 1) -> Array:
    """Return the part that each group goes to, ``(groups,)``; the largest first, each to the part that lacks it most.

    The sum over parts and classes of squared distances from the wanted number of rows, relative to the size of the
    class, grows least that way.

    Args:
        counts: rows of each group and class ``(groups, classes)``; at least ``len(shares) - 1 + reserve`` groups.
        shares: of the rows that each part wants; they sum to 1.
        generator: draws the order of groups of equal size.
        reserve: number of groups that part 0 has in the end, at least; every other part has at least one.
    """
    total = counts.sum(axis=0)
    weight = 1 / np.maximum(total, 1)
    lacking = np.outer(shares, total).astype(np.float64)
    least = np.array([reserve, *[1] * (len(shares) - 1)])
    order = generator.permutation(len(counts))
    order = order[np.argsort(-counts[order].sum(axis=1), kind="stable")]
    parts = np.zeros(len(counts), np.int64)
    for place, group in enumerate(order):
        need = lacking @ (counts[group] * weight)
        if len(order) - place <= least.sum():
            need = np.where(least > 0, need, -np.inf)  # no part may stay empty
        part = int(need.argmax())
        parts[group] = part
        lacking[part] -= counts[group]
        least[part] = max(least[part] - 1, 0)
    return parts


def cuts(counts: Array, shares: Sequence[float]) -> list[int]:
    """Return the ranks at which each part but the first begins, nearest to the shares; no part is empty.

    Args:
        counts: rows of each time ``(times,)``, at least as many times as parts.
        shares: of the rows that each part wants, in the order of time; they sum to 1.
    """
    ends = np.cumsum(counts)
    found: list[int] = []
    for place, wanted in enumerate(np.cumsum(shares)[:-1] * ends[-1]):
        nearest = int(np.abs(ends - wanted).argmin()) + 1
        before = found[-1] if found else 0
        found.append(min(max(nearest, before + 1), len(counts) - (len(shares) - 1 - place)))
    return found
