"""CHILD: Generated raw rows on which two implementations of preprocessing differ if they differ at all.

Validation rows are too tame for that: of 18 faults built into an encoder (a clip left out, words or columns swapped, …)
256 rows of data showed 12, rows like these all 18.
"""

from __future__ import annotations

import math
import random
import unicodedata
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from factory.preprocessing.columns import (
    EARLIEST,
    LATEST,
    SEPARATORS,
    BooleanColumn,
    CategoryColumn,
    Column,
    DatetimeColumn,
    NumberColumn,
    TextColumn,
)
from factory.preprocessing.spec import Preprocessing

Array: TypeAlias = NDArray[Any]

MOST = 150  # of a column's own words or boundaries

NUMBERS = (
    *(math.nan, -math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0, -1.0, 0.1),
    *(5e-324, -5e-324, 2.2250738585072009e-308, 2.2250738585072014e-308),  # the largest denormal, the least normal
    *(1.401298464324817e-45, 1.1754943508222875e-38, 3.4028234663852886e38, -3.4028235677973366e38),  # of 32 bits
    *(1.7976931348623157e308, -1.7976931348623157e308, 2.0**24 + 1, 2.0**31, 2.0**53 + 2, -(2.0**63), 1e16, 1e-16),
)
BLANK = ("", " ", "  ", "\t", "\n", "\r\n", "\x85", "\u00a0", "\u2003", "\u3000", "\u200b", "\ufeff", "\0", "\0\0")
LIKE_VALUES = "nan NaN null None NA N/A - ? inf 1 1.0 01 1,5 1.000,5 1e3 -0 true FALSE Yes no 0 [UNK] <unk>".split()
LIKE_SYNTAX = ("'", "''", '"', "\\", "\\n", "%s", "{}", "a,b", "a;b", "\x1b[31m", "\x7f", "[", "@")
LETTERS = ("Z", "A", "a", "a ", " a", "a\0", "\0a", "a\0b", "\ufeffa")
UNICODE = (
    *("é", "e\u0301", "É", "\u0301", "a" + "\u0301" * 50, "ß", "ẞ", "İ", "\u0131", "\u212a", "Σ", "ﬁ", "ǆ"),
    *("日本", "日本語", "שלום", "مرحبا", "\u202eabc\u202c"),
    *("👍", "👍🏽", "👩\u200d👩\u200d👧", "\U0001d518", "\U0010ffff"),
)
LONG = ("a" * 10_000, "é" * 10_000, "👍" * 5_000)
TEXTS = (*BLANK, *LIKE_VALUES, *LIKE_SYNTAX, *LETTERS, *UNICODE, *LONG)
BOOLEANS = (
    *"true True TRUE tRuE false False yes Yes YES no y Y n t f on OFF 1 0 1.0 0.0 2 -1 01 ja nein x tru".split(),
    *("true ", " true", "tru\u0435", "\uff59\uff45\uff53"),  # a Cyrillic letter, letters of full width
)
SENTENCES = (
    *(SEPARATORS, SEPARATORS * 3, ".", "...", " . ", "a.b", "a-b", "a_b", "don't", "'tis", "dogs'", "don\u2019t"),
    *("a\0b", "a\x0bb", "a\x0cb", "a\u00a0b", "a\u2028b", "a\x85b", "the the the THE tHe", "e\u0301 é", "1,5 1.5"),
    *(" leading", "trailing ", "a  b", "a\tb\nc\rd", "word " * 2_000, "שלום עולם", "日本 語", "👍 👍 👍"),
)
MOMENTS = (
    *((1, 1, 1), (1, 12, 31), (4, 2, 29), (1582, 10, 4), (1582, 10, 15), (1900, 2, 28), (1900, 3, 1), (1904, 2, 29)),
    *((1969, 12, 31), (1970, 1, 1), (1999, 12, 31), (2000, 2, 28), (2000, 2, 29), (2000, 3, 1), (2001, 9, 9)),
    *((2023, 4, 30), (2023, 5, 1), (2024, 2, 29), (2024, 12, 31), (2038, 1, 19), (2100, 2, 28), (2100, 3, 1)),
    *((2106, 2, 7), (9999, 1, 1), (9999, 12, 31)),
)


def strange_rows(preprocessing: Preprocessing, seed: int = 0) -> dict[str, Array]:
    """Generate raw rows that attack every column.

    Args:
        preprocessing: its boundaries, vocabularies and spellings are what is attacked.
        seed: of the order in which the values of one column meet those of the others.

    Returns:
        ``input`` of each column → float64 or an array of ``str`` objects ``(rows,)``: about 300 rows of attacks, each
        value at least once, then an ordinary row, one in which all is missing, and for each column an ordinary row in
        which it alone is missing.
    """
    order = random.Random(seed)
    attacks = {column.input: _attacks(column, order) for column in preprocessing.columns}
    count = max(map(len, attacks.values()), default=0)
    rows = {}
    for place, column in enumerate(preprocessing.columns):
        values, missing = attacks[column.input], math.nan if column.wire == "float64" else ""
        values = values * (count // len(values)) + order.sample(values, count % len(values))
        order.shuffle(values)
        alone = [_ordinary(column)] * len(preprocessing.columns)
        alone[place] = missing
        rows[column.input] = _array([*values, _ordinary(column), missing, *alone], column)
    return rows


def _array(values: Sequence[Any], column: Column) -> Array:
    return np.fromiter(values, np.float64 if column.wire == "float64" else object, len(values))


def _ordinary(column: Column) -> Any:
    """Return a value as it stands in the middle of the data."""
    if isinstance(column, NumberColumn | DatetimeColumn):
        return column.fill
    if isinstance(column, BooleanColumn):
        return column.true[0]
    return column.vocabulary[0] if column.vocabulary else "a"


def _attacks(column: Column, order: random.Random) -> list[Any]:
    """Return the strange values of one column, each once."""
    values = _ATTACKS[type(column)](column, order)
    return list({(value, repr(value)): value for value in values}.values())  # 0.0 and -0.0 are equal, and both attack


def _numbers(column: NumberColumn, order: random.Random) -> list[float]:
    edges = [column.low, column.high, column.center, column.fill, column.low - 1, column.high + 1]
    return [*NUMBERS, *_beside([*edges, *_some(column.bins, order, MOST // 3)]), *_between(column.low, column.high)]


def _datetimes(column: DatetimeColumn, order: random.Random) -> list[float]:
    days = [(datetime(*moment, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() for moment in MOMENTS]
    ends = [day + seconds for day in days for seconds in (0.0, 86399.0, 86399.5, 43200.0)]
    edges = [column.low, column.high, column.center, column.fill]
    around = [-1.0, -0.5, 0.5, 1.5, 59.999999, 3599.5, 3600.0, EARLIEST - 0.5, LATEST + 0.5, LATEST + 1, 1e15, -1e15]
    shifted = [order.uniform(EARLIEST, LATEST) for _ in range(20)]
    return [
        *NUMBERS,
        *ends,
        *around,
        *_beside([*edges, EARLIEST, LATEST]),
        *shifted,
        *_between(column.low, column.high),
    ]


def _beside(values: Sequence[float]) -> list[float]:
    """Return each value and its two neighbours among the floats of 64 bits."""
    return [
        near for value in values for near in (math.nextafter(value, -math.inf), value, math.nextafter(value, math.inf))
    ]


def _between(low: float, high: float) -> list[float]:
    """Return values in the range, at steps of irrational fractions."""
    return [low + (high - low) * (step * 0.6180339887498949 % 1) for step in range(1, 30)]


def _categories(column: CategoryColumn, order: random.Random) -> list[str]:
    return [*TEXTS, *_spoiled(_some(column.vocabulary, order, MOST), order)]


def _booleans(column: BooleanColumn, order: random.Random) -> list[str]:
    return [*BOOLEANS, *TEXTS, *_spoiled(_some((*column.true, *column.false), order, MOST), order)]


def _texts(column: TextColumn, order: random.Random) -> list[str]:
    known = _some(column.vocabulary, order, MOST) or ["a"]
    longest = " ".join(known[place % len(known)] for place in range(column.length or 70))
    around = [longest, f"{longest} {known[0]}", longest.rpartition(" ")[0], f"{SEPARATORS}{longest}{SEPARATORS}"]
    mixed = [separator.join(order.choices([*known, "unseen", "é"], k=4)) for separator in SEPARATORS]
    return [*SENTENCES, *TEXTS, *around, *mixed, *_spoiled(known[: MOST // 2], order)]


def _spoiled(words: list[str], order: random.Random) -> list[str]:
    """Return the words, and variants of some that a careless implementation would take for them."""
    changes: list[Callable[[str], str]] = [
        *(str.upper, str.lower, str.title, str.swapcase, lambda w: f" {w}", lambda w: f"{w} ", lambda w: f"{w}\0"),
        *(lambda w: f"\ufeff{w}", lambda w: f"{w}\0x", lambda w: w[:-1], lambda w: w + w, lambda w: f"{w}\n"),
        *(lambda w: unicodedata.normalize("NFC", w), lambda w: unicodedata.normalize("NFD", w)),
        lambda w: unicodedata.normalize("NFKC", w),
    ]
    return [*words, *(change(word) for word in _some(words, order, 5) for change in changes)]


def _some(values: Sequence[Any], order: random.Random, most: int) -> list[Any]:
    """Return all values, or so many of them where there are more: the first, the last, and any."""
    if len(values) <= most:
        return list(values)
    return [values[0], values[-1], *order.sample(values[1:-1], most - 2)]


_ATTACKS: dict[type[Column], Callable[[Any, random.Random], list[Any]]] = {
    NumberColumn: _numbers,
    DatetimeColumn: _datetimes,
    CategoryColumn: _categories,
    BooleanColumn: _booleans,
    TextColumn: _texts,
}
