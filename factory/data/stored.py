"""CHILD: Rows that are not in memory but read from their place whenever they are asked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]

CHUNK = 256
"""Rows that a pass over all of them reads at once."""


class StoredRows(ABC):
    """An array ``(rows, ...)`` of which only the rows that are asked for are in memory.

    Args:
        shape: of the whole array.
        dtype: of its values.
        labels: of a classification: the label of class i at index i; the values are class indices then.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    labels: Array | None = None

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def ndim(self) -> int:
        """The number of axes, the rows included."""
        return len(self.shape)

    @abstractmethod
    def read(self, indices: Array | slice) -> Array:
        """Return the rows at these indices as an array in memory; called from several threads."""

    @abstractmethod
    def take(self, indices: Array | slice) -> Self:
        """Return the rows at these indices without reading them."""

    @abstractmethod
    def digest(self) -> bytes:
        """Return a SHA-256 of the contents, the same on every machine."""


Column: TypeAlias = "Array | StoredRows"
"""Rows ``(rows, ...)`` in memory or stored."""


def in_memory(rows: Column) -> Array:
    """Return rows as an array in memory."""
    return rows.read(slice(None)) if isinstance(rows, StoredRows) else rows


def taken(rows: Column, indices: Array | slice) -> Column:
    """Return the rows at these indices; stored ones stay where they are."""
    return rows.take(indices) if isinstance(rows, StoredRows) else rows[indices]


def chunks(rows: Column) -> Iterator[Array]:
    """Yield all rows in order, `CHUNK` at a time."""
    for start in range(0, len(rows), CHUNK):
        part = slice(start, start + CHUNK)
        yield rows.read(part) if isinstance(rows, StoredRows) else rows[part]


def count_classes(indices: Column, classes: int) -> Array:
    """Return how often each class index occurs ``(classes,)`` among the rows ``(rows, ...)``."""
    counts = np.zeros(classes, np.int64)
    for part in chunks(indices):
        counts += np.bincount(part.ravel(), minlength=classes)
    return counts
