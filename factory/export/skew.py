"""CHILD: Skew: where the preprocessing inside an artifact encodes a row otherwise than training did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from factory.core.predict import Arrays
from factory.data.dataset import Array
from factory.preprocessing.columns import Column, NumberColumn
from factory.preprocessing.spec import Preprocessing

SUBNORMAL = float(np.finfo(np.float32).smallest_normal)
"""TensorFlow's kernels write a number of 32 bits that is nearer to 0 as 0."""
LOGARITHM = 5e-13
"""Largest error of a logarithm before it is scaled: libraries differ by a unit in the last place of 64 bits."""


@dataclass(frozen=True)
class Skew:
    """A column whose encoding differs.

    Args:
        column: its name in the user's file.
        rows: indices of the rows in which it does, ascending.
    """

    column: str
    rows: tuple[int, ...]


def skews(preprocessing: Preprocessing, expected: Arrays, actual: Arrays) -> Iterator[Skew]:
    """Yield each column whose encoding is not the same in every row.

    All bits count, except those of subnormal numbers and, where a logarithm is taken, the last ones.

    Args:
        preprocessing: of both.
        expected: the tensors that the model was trained on, name → ``(rows, …)``.
        actual: the tensors of another implementation.
    """
    parts: dict[str, tuple[Column, ...]] = {
        "numbers": tuple(column for column in preprocessing.columns for _ in range(column.numbers)),
        "codes": preprocessing.coded,
        **{column.input: (column,) * (column.length or column.words) for column in preprocessing.texts},
    }
    for tensor in preprocessing.tensors:
        differs = _differs(expected[tensor.name], actual[tensor.name])
        owners = parts[tensor.name]
        for column in dict.fromkeys(owners):
            places = [place for place, owner in enumerate(owners) if owner is column]
            rows = differs[:, places].any(axis=1)
            if isinstance(column, NumberColumn) and column.log:
                a, b = (arrays[tensor.name][:, places].astype(np.float64) for arrays in (expected, actual))
                rows &= ~np.isclose(a, b, rtol=2**-22, atol=2 * LOGARITHM / abs(column.scale)).all(axis=1)
            if rows.any():
                yield Skew(column.name, tuple(np.flatnonzero(rows).tolist()))


def _differs(a: Array, b: Array) -> Array:
    """Return which elements differ; NaN is equal to NaN."""
    if a.dtype != b.dtype or a.shape != b.shape:
        return np.ones(a.shape, bool)
    same: Array = (a == b) | ((a != a) & (b != b))
    if a.dtype.kind == "f":
        with np.errstate(invalid="ignore", over="ignore"):  # infinity minus infinity, and large numbers
            same |= np.abs(a - b) <= SUBNORMAL
    return ~same
