"""CHILD: The layout of the tensor ``numbers`` while it is computed: whole blocks of columns at once, reordered last.

A graph of few operations on matrices is several times faster than one of many operations on single columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from factory.data.dataset import Array
from factory.preprocessing.columns import BooleanColumn, DatetimeColumn, NumberColumn, Part, cycle
from factory.preprocessing.spec import Preprocessing


@dataclass(frozen=True)
class Layout:
    """The columns that become numbers, by how they are computed.

    The blocks are, in this order: each of `floats` standardized; whether each is missing; each of `booleans`; whether
    each is missing; for each of `parts` sine and cosine of each of `dated`.

    Args:
        preprocessing: of a table.
    """

    preprocessing: Preprocessing

    @cached_property
    def floats(self) -> tuple[NumberColumn | DatetimeColumn, ...]:
        """The columns that are filled, clipped and standardized."""
        columns = self.preprocessing.columns
        return tuple(
            c for c in columns if isinstance(c, DatetimeColumn) or (isinstance(c, NumberColumn) and not c.bins)
        )

    @cached_property
    def booleans(self) -> tuple[BooleanColumn, ...]:
        """The boolean columns."""
        return tuple(column for column in self.preprocessing.columns if isinstance(column, BooleanColumn))

    @cached_property
    def dated(self) -> tuple[DatetimeColumn, ...]:
        """The date-times that have cyclic parts."""
        return tuple(c for c in self.preprocessing.columns if isinstance(c, DatetimeColumn) and c.parts)

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The cyclic parts that any date-time has."""
        return tuple(dict.fromkeys(part for column in self.dated for part in column.parts))

    @property
    def logged(self) -> Array:
        """Whether the logarithm of each of `floats` is taken, bool ``(floats,)``."""
        return np.array([isinstance(column, NumberColumn) and column.log for column in self.floats], bool)

    def steps(self, *fields: str) -> Array:
        """Return fields of `floats`, such as ``fill``, as float64 ``(fields, floats)``."""
        rows = [[getattr(column, field) for column in self.floats] for field in fields]
        return np.array(rows, np.float64).reshape(len(fields), len(self.floats))

    @property
    def order(self) -> list[int]:
        """The place of each number of the tensor among the blocks."""
        return list(self._places())

    def _places(self) -> Iterator[int]:
        floats, booleans, dated = len(self.floats), len(self.booleans), len(self.dated)
        for column in self.preprocessing.columns:
            match column:
                case NumberColumn(bins=()):
                    place = self.floats.index(column)
                    yield from (place, floats + place)[: column.numbers]
                case BooleanColumn():
                    place = 2 * floats + self.booleans.index(column)
                    yield from (place, booleans + place)[: column.numbers]
                case DatetimeColumn():
                    place = self.floats.index(column)
                    yield from [place] * column.elapsed
                    for part in column.parts:
                        wave = self.parts.index(part) * dated + self.dated.index(column)
                        yield from (2 * (floats + booleans + wave), 2 * (floats + booleans + wave) + 1)
                    yield from [floats + place] * column.indicator


def wave_table(part: Part) -> Array:
    """Return sine and cosine of each value of a cyclic part, and a last row of zeros for a missing one, float32."""
    return np.array([*cycle(part), (0.0, 0.0)], np.float32)


def label_array(labels: tuple[int | str, ...]) -> Array:
    """Return labels as int64, or as an array of ``str`` objects."""
    return np.array(labels, np.int64 if isinstance(labels[0], int) else object)


def calendar_part(seconds: Any, part: Part) -> Any:
    """Return a cyclic part of date-times in whole-number arithmetic, which every kind of tensor has.

    Months and days are computed with years that begin in March, see ``civil_from_days`` in
    https://howardhinnant.github.io/date_algorithms.html.

    Args:
        seconds: whole and not negative, since the first second of year 1, a Monday; anything with ``+ - * // %``.
        part: hour, weekday, day or month.

    Returns:
        The part, from 0, of the same shape.

    >>> [calendar_part(3600 * 24 * 31 + 7200, part) for part in ("hour", "weekday", "day", "month")]
    [2, 3, 0, 1]
    """
    if part == "hour":
        return seconds % 86400 // 3600
    days = seconds // 86400
    if part == "weekday":
        return days % 7
    day_of_era = (days + 306) % 146097
    year = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
    day_of_year = day_of_era - (year * 365 + year // 4 - year // 100)
    month = (day_of_year * 5 + 2) // 153
    return (month + 2) % 12 if part == "month" else day_of_year - (month * 153 + 2) // 5
