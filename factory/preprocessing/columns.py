"""SHARED: The kinds of fitted columns: what each becomes, as data; `factory.preprocessing.spec` says the rules.

An instance checks itself, so that neither code nor a file from a folder can make one that the encoders disagree on.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Literal, TypeAlias

from factory.core.signature import Tensor
from factory.preprocessing.rules import is_small
from factory.preprocessing.strict_json import require

MISSING, UNKNOWN, FIRST = 0, 1, 2
"""Codes of a missing category, of one that training did not see, and of the first word of the vocabulary."""

Part: TypeAlias = Literal["hour", "weekday", "day", "month"]
PARTS: Mapping[Part, int] = {"hour": 24, "weekday": 7, "day": 31, "month": 12}
"""Cyclic part of a date-time → how many values it has; Monday is weekday 0, days and months count from 0 here."""

LONGEST = 1_000_000
"""The largest number of ids that a text may have."""

EARLIEST, LATEST = -62135596800.0, 253402300799.0
"""The first second of year 1 and the last of year 9999, in seconds since 1970 in UTC."""

SEPARATORS = '\t\n\r !"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'
"""The ASCII characters between the words of a text; the apostrophe is part of a word."""


@dataclass(frozen=True)
class NumberColumn:
    """A number: missing → ``fill``; clipped to ``[low, high]``; ``log``; ``(x - center) / scale``; cast to float32.

    Args:
        name: of the column in the user's file.
        input: by which clients call it, an identifier.
        fill: put where it is missing, before the other steps.
        indicator: whether a second number says 1 where it was missing, else 0.
        low: smallest value; below it, also at minus infinity, it counts as this.
        high: largest value, likewise.
        log: whether the natural logarithm of ``1 + (x - low)`` is taken after clipping.
        center: subtracted.
        scale: divided by; never 0.
        bins: increasing boundaries; where there are any, the column is a code: 0 missing, then 2 + how many boundaries
            are at most the clipped value; ``fill``, ``log``, ``center``, ``scale`` and ``indicator`` are not used.
    """

    kind: ClassVar = "number"
    wire: ClassVar = "float64"
    name: str
    input: str
    fill: float
    indicator: bool
    low: float
    high: float
    log: bool = False
    center: float = 0.0
    scale: float = 1.0
    bins: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        _check_range(self)
        rising = all(low < high for low, high in pairwise(self.bins))
        require(rising, f"{self.name}.bins", self.bins, "boundaries that increase")

    @property
    def numbers(self) -> int:
        """How many numbers the column becomes."""
        return 0 if self.bins else 1 + self.indicator

    @property
    def codes(self) -> int:
        """How many codes the column becomes."""
        return 1 if self.bins else 0

    @property
    def cardinality(self) -> int:
        """The number of codes: 0 and 1 as for categories, then one for each bin."""
        return FIRST + len(self.bins) + 1


@dataclass(frozen=True)
class CategoryColumn:
    """A category as a code: 0 missing (the empty text), 1 unknown, then its place in the vocabulary.

    Args:
        name: of the column in the user's file.
        input: by which clients call it, an identifier.
        vocabulary: its words, in order; empty where it is hashed.
        buckets: number of hash buckets; 0 with a vocabulary. The code is ``1 + MurmurHash3_x86_32(UTF-8, seed 0) %
            buckets``, unsigned; there is no unknown.
        lower: whether the letters A to Z are made small first.
        one_hot: how a model should take it: as one number for each code, else as an embedding.
    """

    kind: ClassVar = "category"
    wire: ClassVar = "string"
    numbers: ClassVar = 0
    codes: ClassVar = 1
    name: str
    input: str
    vocabulary: tuple[str, ...]
    buckets: int = 0
    lower: bool = False
    one_hot: bool = False

    def __post_init__(self) -> None:
        _check_vocabulary(self.name, self.vocabulary, self.lower)
        within = 0 <= self.buckets < 2**31 - 1
        require(within, f"{self.name}.buckets", self.buckets, "a whole number from 0 to 2,147,483,646")
        require(not (self.buckets and self.vocabulary), f"{self.name}.buckets", self.buckets, "0 beside a vocabulary")

    @property
    def cardinality(self) -> int:
        """The number of codes."""
        return 1 + self.buckets if self.buckets else FIRST + len(self.vocabulary)


@dataclass(frozen=True)
class BooleanColumn:
    """A yes or no as the number 1 or 0; what is neither counts as missing and becomes ``fill``.

    Args:
        name: of the column in the user's file.
        input: by which clients call it, an identifier.
        true: the spellings of yes, in small letters; the value is made small (A to Z) before it is compared.
        false: the spellings of no.
        fill: put where it is missing.
        indicator: whether a second number says 1 where it was missing, else 0.
    """

    kind: ClassVar = "boolean"
    wire: ClassVar = "string"
    codes: ClassVar = 0
    name: str
    input: str
    true: tuple[str, ...]
    false: tuple[str, ...]
    fill: float
    indicator: bool

    def __post_init__(self) -> None:
        require(bool(self.true and self.false), f"{self.name}.true", self.true, "at least one spelling, as does false")
        _check_vocabulary(self.name, (*self.true, *self.false), lower=True, field="true and false")

    @property
    def numbers(self) -> int:
        """How many numbers the column becomes."""
        return 1 + self.indicator


@dataclass(frozen=True)
class DatetimeColumn:
    """A date-time, in seconds since 1970 in UTC, as elapsed time and as cyclic parts.

    Numbers in order: the elapsed time (clipped to ``[low, high]``, ``(x - center) / scale``, cast), then of each part
    its sine and its cosine from a table, then the indicator. Where it is missing, the elapsed time is that of ``fill``
    and both numbers of each part are 0. Parts are those of the value clipped to the years 1 to 9999.

    Args:
        name: of the column in the user's file.
        input: by which clients call it, an identifier.
        fill: seconds put where it is missing.
        indicator: whether a last number says 1 where it was missing, else 0.
        low: smallest value.
        high: largest value.
        center: subtracted.
        scale: divided by; never 0.
        elapsed: whether the elapsed time is among the numbers.
        parts: the cyclic parts.
    """

    kind: ClassVar = "datetime"
    wire: ClassVar = "float64"
    codes: ClassVar = 0
    name: str
    input: str
    fill: float
    indicator: bool
    low: float
    high: float
    center: float
    scale: float
    elapsed: bool
    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        _check_range(self)
        require(len(set(self.parts)) == len(self.parts), f"{self.name}.parts", self.parts, "each part once")

    @property
    def numbers(self) -> int:
        """How many numbers the column becomes."""
        return self.elapsed + 2 * len(self.parts) + self.indicator


@dataclass(frozen=True)
class TextColumn:
    """A text as a tensor of its own, named by ``input``: token ids int32 ``(length,)`` or counts float32 ``(words,)``.

    The letters A to Z are made small, the text is cut at `SEPARATORS`, each word is looked up: 1 unknown, then its
    place in the vocabulary. Token ids are cut and filled up with 0 at the end. A bag counts each known word at its
    place in the vocabulary; unknown ones are not counted.

    Args:
        name: of the column in the user's file.
        input: by which clients call it, an identifier.
        vocabulary: its words, in order.
        length: number of token ids; 0 makes it a bag of words.
    """

    kind: ClassVar = "text"
    wire: ClassVar = "string"
    numbers: ClassVar = 0
    codes: ClassVar = 0
    name: str
    input: str
    vocabulary: tuple[str, ...]
    length: int

    def __post_init__(self) -> None:
        _check_vocabulary(self.name, self.vocabulary, lower=True)
        cut = [word for word in self.vocabulary if any(letter in SEPARATORS for letter in word)]
        require(not cut, f"{self.name}.vocabulary", cut[:1], "words without separators")
        within = (0 if self.vocabulary else 1) <= self.length <= LONGEST
        require(within, f"{self.name}.length", self.length, f"1 to {LONGEST:,}, or 0 with a vocabulary")

    @property
    def tensor(self) -> Tensor:
        """The tensor that the column becomes."""
        return (
            Tensor(self.input, "int32", (self.length,)) if self.length else Tensor(self.input, "float32", (self.words,))
        )

    @property
    def words(self) -> int:
        """The number of words of the vocabulary."""
        return len(self.vocabulary)


Column: TypeAlias = NumberColumn | CategoryColumn | BooleanColumn | DatetimeColumn | TextColumn
KINDS: Mapping[str, type[Column]] = {
    kind.kind: kind for kind in (NumberColumn, CategoryColumn, BooleanColumn, DatetimeColumn, TextColumn)
}


def cycle(part: Part) -> tuple[tuple[float, float], ...]:
    """Return sine and cosine of each value of a cyclic part, to be rounded to float32.

    >>> cycle("month")[3]
    (1.0, 6.123233995736766e-17)
    """
    size = PARTS[part]
    return tuple((math.sin(2 * math.pi * i / size), math.cos(2 * math.pi * i / size)) for i in range(size))


def _check_range(column: NumberColumn | DatetimeColumn) -> None:
    require(column.low <= column.high, f"{column.name}.low", column.low, f"at most high, which is {column.high}")
    require(column.scale != 0, f"{column.name}.scale", column.scale, "a number other than 0")
    for field in ("fill", "low", "high", "center", "scale"):
        value = getattr(column, field)
        require(math.isfinite(value), f"{column.name}.{field}", value, "a finite number")


def _check_vocabulary(name: str, words: Sequence[str], lower: bool, field: str = "vocabulary") -> None:
    twice = [word for word, count in Counter(words).items() if count > 1]
    require(not twice, f"{name}.{field}", twice[:1], "each word once")
    require("" not in words, f"{name}.{field}", "", "no empty word, which is a missing value")
    large = [word for word in words if lower and not is_small(word)]
    require(not large, f"{name}.{field}", large[:1], "words in small letters, as they are looked up")
