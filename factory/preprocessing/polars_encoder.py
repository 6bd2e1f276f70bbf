"""CHILD: The fast implementation of preprocessing, with polars, for the rows that models train on.

Its tensors are those of `factory.preprocessing.reference`, bit for bit. A process forked after its parent ran a query
of polars hangs in its own first one (polars 2.1): whoever encodes forks no process that encodes as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias, TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from factory.preprocessing.murmur import murmur
from factory.preprocessing.spec import (
    EARLIEST,
    FIRST,
    LATEST,
    MISSING,
    PARTS,
    SEPARATORS,
    UNKNOWN,
    BooleanColumn,
    CategoryColumn,
    DatetimeColumn,
    NumberColumn,
    Part,
    Preprocessing,
    TextColumn,
    cycle,
)

Array: TypeAlias = NDArray[Any]
Text = TypeVar("Text", pl.Expr, pl.Series)

CHUNK = 8 * 2**20  # bytes of raw columns that are encoded at a time: few enough for the processor's cache
CAPITALS = [chr(letter) for letter in range(ord("A"), ord("Z") + 1)]
SMALL = [letter.lower() for letter in CAPITALS]


def encode(preprocessing: Preprocessing, frame: pl.DataFrame) -> dict[str, Array]:
    """Encode a table of raw rows as the tensors that the model takes.

    Memory beyond the result is that of a slice of the rows.

    Args:
        preprocessing: fitted.
        frame: under the ``name`` of each column Float64 (null and NaN are missing) or String (null and the empty text
            are missing); further columns are not read.

    Returns:
        The tensors of ``preprocessing.tensors``: name → ``(rows, *shape)``, in memory row by row.
    """
    tensors: dict[str, Array] = {
        tensor.name: np.zeros([len(frame), *(size or 0 for size in tensor.shape)], tensor.dtype)
        for tensor in preprocessing.tensors
    }
    frame = frame.select(column.name for column in preprocessing.columns)
    numbers = [number for column in preprocessing.columns for number in _numbers(column)]
    codes = [_code(column) for column in preprocessing.coded]
    texts = [
        (tensors[column.input], _text(column)) for column in preprocessing.columns if isinstance(column, TextColumn)
    ]
    for rows in _slices(frame):
        part = frame[rows]
        for name, expressions in (("numbers", numbers), ("codes", codes)):
            if expressions:
                for place, series in enumerate(_evaluated(part, expressions)):
                    tensors[name][rows, place] = series.to_numpy()
        for tensor, write in texts:
            write(part, tensor[rows])
    return tensors


def _slices(frame: pl.DataFrame) -> Iterator[slice]:
    """Yield slices of the rows, each of about `CHUNK` bytes."""
    step = max(1, CHUNK * len(frame) // max(1, int(frame.estimated_size())))
    for start in range(0, len(frame), step):
        yield slice(start, min(start + step, len(frame)))


def _evaluated(frame: pl.DataFrame, expressions: list[pl.Expr]) -> list[pl.Series]:
    return frame.select(expression.alias(str(place)) for place, expression in enumerate(expressions)).get_columns()


# ---- columns that become numbers


def _numbers(column: Any) -> list[pl.Expr]:
    """Return the numbers of one column, each Float32 without nulls."""
    if not column.numbers:
        return []
    if isinstance(column, BooleanColumn):
        return _boolean(column)
    return _datetime(column) if isinstance(column, DatetimeColumn) else _number(column)


def _number(column: NumberColumn) -> list[pl.Expr]:
    x, missing = _raw(column)
    x = _clipped(pl.when(missing).then(column.fill).otherwise(x), column)
    if column.log:
        x = np.log(1 + (x - column.low))  # NumPy's: that of polars may differ in the last bit
    return [_standard(x, column), *_indicator(column, missing)]


def _boolean(column: BooleanColumn) -> list[pl.Expr]:
    spellings = [*column.true, *column.false]
    values = pl.Series([1.0] * len(column.true) + [0.0] * len(column.false), dtype=pl.Float32)
    number = pl.lit(values).gather(_places(small(pl.col(column.name)), pl.Enum(spellings)))
    return [number.fill_null(np.float32(column.fill)), *_indicator(column, number.is_null())]


def _datetime(column: DatetimeColumn) -> list[pl.Expr]:
    x, missing = _raw(column)
    numbers = []
    if column.elapsed:
        numbers.append(_standard(_clipped(pl.when(missing).then(column.fill).otherwise(x), column), column))
    for part in column.parts:
        place = _part(part, pl.when(~missing).then(x))
        for wave in zip(*cycle(part), strict=True):
            numbers.append(pl.lit(pl.Series(wave, dtype=pl.Float32)).gather(place).fill_null(np.float32(0)))
    return [*numbers, *_indicator(column, missing)]


def part_of(part: Part, times: Array) -> pl.Series:
    """Return a cyclic part of times in seconds since 1970."""
    return pl.select(_part(part, pl.lit(pl.Series(times, dtype=pl.Float64)))).to_series()


def _part(part: Part, time: pl.Expr) -> pl.Expr:
    """Return a cyclic part of seconds since 1970; Monday is 0, days and months count from 0."""
    seconds = time.clip(EARLIEST, LATEST).floor().cast(pl.Int64)
    if part == "hour":
        return seconds // 3600 % PARTS[part]
    days = seconds // 86400
    if part == "weekday":
        return (days + 3) % PARTS[part]  # 1970 began on a Thursday
    date = days.cast(pl.Int32).cast(pl.Date).dt
    return (date.month() if part == "month" else date.day()).cast(pl.Int64) - 1


def _raw(column: NumberColumn | DatetimeColumn) -> tuple[pl.Expr, pl.Expr]:
    """Return the raw number, and whether it is missing."""
    x = pl.col(column.name)
    return x, x.is_null() | x.is_nan()


def _clipped(x: pl.Expr, column: NumberColumn | DatetimeColumn) -> pl.Expr:
    return pl.when(x < column.low).then(column.low).when(x > column.high).then(column.high).otherwise(x)


def _standard(x: pl.Expr, column: NumberColumn | DatetimeColumn) -> pl.Expr:
    return ((x - column.center) / column.scale).cast(pl.Float32)


def _indicator(column: NumberColumn | BooleanColumn | DatetimeColumn, missing: pl.Expr) -> list[pl.Expr]:
    return [missing.cast(pl.Float32)] if column.indicator else []


# ---- columns that become codes


def _code(column: NumberColumn | CategoryColumn) -> pl.Expr:
    """Return the code of one column, Int32 without nulls."""
    if isinstance(column, NumberColumn):
        return _bins(column)
    text = small(pl.col(column.name)) if column.lower else pl.col(column.name)
    if column.buckets:
        buckets = np.uint32(column.buckets)
        code = text.fill_null("").map_batches(lambda texts: pl.Series(1 + murmur(texts) % buckets), pl.UInt32)
    else:
        code = _looked_up(text, pl.Enum(column.vocabulary))
    return pl.when(text.is_null() | (text == "")).then(MISSING).otherwise(code).cast(pl.Int32)


def _bins(column: NumberColumn) -> pl.Expr:
    x, missing = _raw(column)
    place = pl.lit(pl.Series(column.bins, dtype=pl.Float64)).search_sorted(_clipped(x, column), side="right")
    return pl.when(missing).then(MISSING).otherwise(FIRST + place).cast(pl.Int32)


def _looked_up(words: pl.Expr, vocabulary: pl.Enum) -> pl.Expr:
    return (FIRST + _places(words, vocabulary)).fill_null(UNKNOWN)


def _places(words: pl.Expr, vocabulary: pl.Enum) -> pl.Expr:
    """Return the place of each word in a vocabulary, null where it is not there."""
    return words.cast(vocabulary, strict=False).to_physical().cast(pl.Int32)


def small(text: Text) -> Text:
    """Return the texts with the letters A to Z made small, and no others."""
    lowered: Text = text.str.replace_many(CAPITALS, SMALL)
    return lowered


# ---- texts


def _text(column: TextColumn) -> Callable[[pl.DataFrame, Array], None]:
    """Return a function that writes the ids or counts of a text column into zeros ``(rows, length or words)``."""
    vocabulary = pl.Enum(column.vocabulary)

    def write(frame: pl.DataFrame, into: Array) -> None:
        lists = _cut(frame[column.name])
        words = lists.explode()
        there = words != ""
        rows = np.repeat(np.arange(len(lists)), lists.list.len().to_numpy())[there]
        codes = pl.select(_looked_up(pl.lit(words.filter(there)), vocabulary)).to_series().to_numpy()
        if column.length:
            counts = np.bincount(rows, minlength=len(lists))
            places = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
            fits = places < column.length
            into[rows[fits], places[fits]] = codes[fits]
        else:
            known = codes >= FIRST
            np.add.at(into, (rows[known], codes[known] - FIRST), np.float32(1))

    return write


def words(texts: pl.Series) -> Iterator[pl.Series]:
    """Yield the words of texts, those of some rows at a time; empty texts may be among them."""
    for rows in _slices(texts.to_frame()):
        yield _cut(texts[rows]).explode()


def _cut(texts: pl.Series) -> pl.Series:
    """Return the list of words of each text, at least one, any of which may be empty."""
    cut = {**dict(zip(CAPITALS, SMALL, strict=True)), **dict.fromkeys(SEPARATORS, " ")}
    return texts.fill_null("").str.replace_many(list(cut), list(cut.values())).str.split(" ")
