"""SHARED: The specification of fitted preprocessing: what becomes of each raw column, as data that every home compiles.

A table's columns become at most two tensors, ``numbers`` float32 and ``codes`` int32, and one tensor for each text
column. The same specification is read by polars in training, by numpy in `factory.preprocessing.reference`, and by the
export targets that carry it inside the artifact; all must give the same bits. The rules that make that possible:

- On the wire a column is float64 (NaN is missing) or text (the empty text is missing). Nothing is trimmed.
- Numbers are clipped, moved and divided in float64 and cast to float32 last.
- Lower case is that of ASCII alone.
- A cyclic part of a date-time is looked up in a table of 32-bit numbers, never computed as a sine.

Format: ``{"format": 1, "columns": [{"kind": ..., "name": ..., ...}], "outputs": [{"name", "labels"}]}``, the
fields of the classes below.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal, TypeAlias

from factory.core.signature import Tensor

FORMAT = 1
MISSING, UNKNOWN, FIRST = 0, 1, 2
"""Codes of a missing category, of one that training did not see, and of the first word of the vocabulary."""

Part: TypeAlias = Literal["hour", "weekday", "day", "month"]
PARTS: Mapping[Part, int] = {"hour": 24, "weekday": 7, "day": 31, "month": 12}
"""Cyclic part of a date-time → how many values it has; Monday is weekday 0, days and months count from 0 here."""

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


@dataclass(frozen=True)
class Answer:
    """What an output of the model means to a client of raw rows.

    A classification ``risk`` answers with ``risk``, the most probable label (text or int64, ``(rows,)``), and with
    ``risk_probabilities`` float32 ``(rows, classes)`` in the order of the labels; a regression with its numbers.

    Args:
        name: of the output.
        labels: of a classification, in the order of the classes; None for a regression.
    """

    name: str
    labels: tuple[int | str, ...] | None


@dataclass(frozen=True)
class Preprocessing:
    """The fitted preprocessing of one table.

    Args:
        columns: in the order of the user's file.
        answers: in the order of the model's outputs.
    """

    columns: tuple[Column, ...]
    answers: tuple[Answer, ...]

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """The tensors that the model takes, where there are any: ``numbers``, ``codes``, one for each text column."""
        numbers, codes = (sum(getattr(column, what) for column in self.columns) for what in ("numbers", "codes"))
        return (
            *([Tensor("numbers", "float32", (numbers,))] if numbers else []),
            *([Tensor("codes", "int32", (codes,))] if codes else []),
            *(column.tensor for column in self.texts),
        )

    @property
    def wires(self) -> tuple[Tensor, ...]:
        """The raw columns as clients send them, in order: ``float64`` or ``string`` of shape ``()`` for one row."""
        return tuple(Tensor(column.input, column.wire, ()) for column in self.columns)

    @property
    def coded(self) -> tuple[NumberColumn | CategoryColumn, ...]:
        """The columns that become codes, in the order of the tensor ``codes``."""
        return tuple(c for c in self.columns if isinstance(c, NumberColumn | CategoryColumn) and c.codes)

    @property
    def texts(self) -> tuple[TextColumn, ...]:
        """The columns that become tensors of their own, in order."""
        return tuple(column for column in self.columns if isinstance(column, TextColumn))

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "columns": [{"kind": column.kind, **asdict(column)} for column in self.columns],
            "outputs": [asdict(answer) for answer in self.answers],
        }

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Preprocessing:
        """Read what `to_json` wrote.

        Raises:
            ValueError, KeyError, TypeError: it is not of this format.
        """
        if fields["format"] != FORMAT:
            raise ValueError(f"format: got {fields['format']!r}; takes {FORMAT}")
        return cls(
            tuple(_column(column) for column in fields["columns"]),
            tuple(Answer(a["name"], None if a["labels"] is None else tuple(a["labels"])) for a in fields["outputs"]),
        )


def cycle(part: Part) -> tuple[tuple[float, float], ...]:
    """Return sine and cosine of each value of a cyclic part, to be rounded to float32.

    >>> cycle("month")[3]
    (1.0, 6.123233995736766e-17)
    """
    size = PARTS[part]
    return tuple((math.sin(2 * math.pi * i / size), math.cos(2 * math.pi * i / size)) for i in range(size))


def _column(fields: Mapping[str, Any]) -> Column:
    """Return a column from its JSON; lists become tuples."""
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in fields.items() if key != "kind"}
    kind: Callable[..., Column] = KINDS[fields["kind"]]
    return kind(**values)
