"""CHILD: The fast implementation of preprocessing, with polars, for the rows that models train on.

Its tensors are those of `factory.preprocessing.reference`, bit for bit. A process forked after its parent ran a query
of polars hangs in its own first one (polars 2.1): whoever encodes forks no process that encodes as well.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from factory.preprocessing.columns import (
    EARLIEST,
    FIRST,
    LATEST,
    MISSING,
    PARTS,
    UNKNOWN,
    BooleanColumn,
    CategoryColumn,
    Column,
    DatetimeColumn,
    NumberColumn,
    Part,
    TextColumn,
    cycle,
)
from factory.preprocessing.murmur import murmur
from factory.preprocessing.spec import Preprocessing
from factory.preprocessing.words import cut, small

Array: TypeAlias = NDArray[Any]
Step: TypeAlias = Callable[[pl.Series], pl.Series]

CHUNK = 8 * 2**20
"""Bytes of raw columns that are encoded at a time: what is made of them on the way fits the processor's cache."""


LEAST = 32 * 2**10
"""Bytes of one column that are worth the calls that encode them."""

MOST_KNOWN = 100_000
"""Different texts of a column that are remembered from slice to slice."""


@dataclass(frozen=True)
class Recipe:
    """What becomes of one column, whose raw values go by its ``input``.

    Args:
        steps: what is made of the raw values first, by the name under which the expressions find it.
        numbers: the column's numbers, each Float32 without nulls.
        codes: the column's codes, each Int32 without nulls.
        write: writes a text column's values into zeros ``(rows, length or words)``.
    """

    steps: Mapping[str, Step] = field(default_factory=dict)
    numbers: tuple[pl.Expr, ...] = ()
    codes: tuple[pl.Expr, ...] = ()
    write: Callable[[pl.Series, Array], None] | None = None


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
    frame = frame.select(pl.col(column.name).alias(column.input) for column in preprocessing.columns)
    recipes = {column.input: _recipe(column) for column in preprocessing.columns}
    numbers, codes = (
        [expression.alias(str(place)) for place, expression in enumerate(itertools.chain(*expressions))]
        for expressions in zip(*((recipe.numbers, recipe.codes) for recipe in recipes.values()), strict=True)
    )

    def write(rows: slice) -> None:
        part = frame[rows]
        steps = ((part[name], made, step) for name, recipe in recipes.items() for made, step in recipe.steps.items())
        part = part.with_columns([step(raw).alias(made) for raw, made, step in steps])
        for tensor, expressions in (("numbers", numbers), ("codes", codes)):
            for place, series in enumerate(part.select(expressions).get_columns()):
                tensors[tensor][rows, place] = series.to_numpy()
        for name, recipe in recipes.items():
            if recipe.write:
                recipe.write(part[name], tensors[name][rows])

    with ThreadPoolExecutor(pl.thread_pool_size()) as pool:
        list(pool.map(write, slices(frame)))
    return tensors


def slices(frame: pl.DataFrame) -> Iterator[slice]:
    """Yield slices of the rows, each of about `CHUNK` bytes, or more where there are very many columns."""
    size = max(CHUNK, LEAST * frame.width)
    step = max(1, size * len(frame) // max(1, int(frame.estimated_size())))
    for start in range(0, len(frame), step):
        yield slice(start, min(start + step, len(frame)))


def _recipe(column: Column) -> Recipe:
    return _RECIPES[type(column)](column)


# ---- columns that become numbers


def _number(column: NumberColumn) -> Recipe:
    raw = pl.col(column.input)
    missing = raw.is_null() | raw.is_nan()
    if column.bins:
        place = pl.lit(pl.Series(column.bins, dtype=pl.Float64)).search_sorted(_clipped(raw, column), side="right")
        return Recipe(codes=(pl.when(missing).then(MISSING).otherwise(FIRST + place).cast(pl.Int32),))
    x = _clipped(pl.when(missing).then(column.fill).otherwise(raw), column)
    if column.log:
        x = np.log(1 + (x - column.low))  # NumPy's: that of polars may differ in the last bit
    return Recipe(numbers=(_standard(x, column), *_indicator(column, missing)))


def _boolean(column: BooleanColumn) -> Recipe:
    spellings = pl.Enum([*column.true, *column.false])
    meanings = pl.Series([1.0] * len(column.true) + [0.0] * len(column.false), dtype=pl.Float32)
    name = f"{column.input} meaning"  # no other column's: an input holds no space
    meaning = pl.col(name)
    return Recipe(
        steps={name: EachOnce(lambda texts: meanings.gather(_places(small(texts), spellings)))},
        numbers=(meaning.fill_null(np.float32(column.fill)), *_indicator(column, meaning.is_null())),
    )


def _datetime(column: DatetimeColumn) -> Recipe:
    raw = pl.col(column.input)
    missing = raw.is_null() | raw.is_nan()
    numbers, steps = [], {}
    if column.elapsed:
        numbers.append(_standard(_clipped(pl.when(missing).then(column.fill).otherwise(raw), column), column))
    if column.parts:
        name = f"{column.input} parts"
        steps[name] = functools.partial(parts_of, column.parts)
        for part in column.parts:
            waves = (pl.lit(pl.Series(wave, dtype=pl.Float32)) for wave in zip(*cycle(part), strict=True))
            place = pl.col(name).struct.field(part)
            numbers += [wave.gather(place).fill_null(np.float32(0)) for wave in waves]
    return Recipe(steps, (*numbers, *_indicator(column, missing)))


def parts_of(parts: Sequence[Part], times: pl.Series) -> pl.Series:
    """Return cyclic parts of times in seconds since 1970 as a struct; Monday is 0, days and months count from 0.

    Args:
        parts: which, at least one.
        times: Float64; null and NaN are missing, and become null.
    """
    seconds = pl.col("seconds")
    date = (seconds // 86400).cast(pl.Int32).cast(pl.Date).dt
    expressions = {
        "hour": seconds // 3600 % PARTS["hour"],
        "weekday": (seconds // 86400 + 3) % PARTS["weekday"],  # 1970 began on a Thursday
        "day": date.day() - 1,
        "month": date.month() - 1,
    }
    whole = times.fill_nan(None).clip(EARLIEST, LATEST).floor().cast(pl.Int64)
    return pl.DataFrame({"seconds": whole}).select(expressions[part].alias(part) for part in parts).to_struct()


def _clipped(x: pl.Expr, column: NumberColumn | DatetimeColumn) -> pl.Expr:
    return pl.when(x < column.low).then(column.low).when(x > column.high).then(column.high).otherwise(x)


def _standard(x: pl.Expr, column: NumberColumn | DatetimeColumn) -> pl.Expr:
    return ((x - column.center) / column.scale).cast(pl.Float32)


def _indicator(column: NumberColumn | BooleanColumn | DatetimeColumn, missing: pl.Expr) -> list[pl.Expr]:
    return [missing.cast(pl.Float32)] if column.indicator else []


# ---- texts


def _category(column: CategoryColumn) -> Recipe:
    vocabulary = pl.Enum(column.vocabulary)

    def code(texts: pl.Series) -> pl.Series:
        texts = small(texts) if column.lower else texts
        if column.buckets:
            return pl.Series((1 + murmur(texts) % np.uint32(column.buckets)).astype(np.int32))
        return (_places(texts, vocabulary) + FIRST).fill_null(UNKNOWN)

    name = f"{column.input} code"
    text, found = pl.col(column.input), pl.col(name)
    step = EachOnce(code) if column.lower or column.buckets else code
    present = pl.when(text != "").then(found).otherwise(MISSING).cast(pl.Int32)
    return Recipe({name: step}, codes=(present,))


def _text(column: TextColumn) -> Recipe:
    vocabulary = pl.Enum(column.vocabulary)

    def write(texts: pl.Series, into: Array) -> None:
        words, counts = cut(texts)
        there = (words != "").to_numpy()
        counts = np.add.reduceat(there, np.cumsum(counts) - counts, dtype=np.int64)
        codes = (_places(words, vocabulary) + FIRST).fill_null(UNKNOWN).to_numpy()[there]
        (_write_ids if column.length else _write_counts)(codes, counts, into)

    return Recipe(write=write)


def _write_ids(codes: Array, counts: Array, into: Array) -> None:
    """Write the codes of texts that lie one behind the other, so many of each text, and cut them where a row ends."""
    length = into.shape[1]
    rows = np.arange(len(into)) * length
    places = np.arange(len(codes)) + (rows - (np.cumsum(counts) - counts)).repeat(counts)
    if counts.max() > length:
        fits = places < (rows + length).repeat(counts)
        places, codes = places[fits], codes[fits]
    into.reshape(-1)[places] = codes


def _write_counts(codes: Array, counts: Array, into: Array) -> None:
    """Count the known codes of texts that lie one behind the other, so many of each text."""
    known = codes >= FIRST
    np.add.at(into, (np.arange(len(into)).repeat(counts)[known], codes[known] - FIRST), np.float32(1))


def _places(words: pl.Series, vocabulary: pl.Enum) -> pl.Series:
    """Return the place of each word in a vocabulary, null where it is not there."""
    return words.cast(vocabulary, strict=False).to_physical().cast(pl.Int32)


class EachOnce:
    """A step that looks at each different text once, also in later slices; null stays null.

    Several threads may use it: at worst a text is looked at twice.
    """

    def __init__(self, step: Step) -> None:
        self.step = step
        self.known = pl.Enum([]), step(pl.Series(dtype=pl.String))

    def __call__(self, texts: pl.Series) -> pl.Series:
        known, results = self.known
        places = texts.cast(known, strict=False).to_physical()
        if places.null_count() > texts.null_count():
            new = texts.filter(places.is_null()).drop_nulls().unique()
            known, results = pl.Enum(pl.concat([known.categories, new])), pl.concat([results, self.step(new)])
            places = texts.cast(known).to_physical()
            if len(results) <= MOST_KNOWN:
                self.known = known, results
        return results.gather(places)


_RECIPES: Mapping[type[Column], Callable[[Any], Recipe]] = {
    NumberColumn: _number,
    BooleanColumn: _boolean,
    DatetimeColumn: _datetime,
    CategoryColumn: _category,
    TextColumn: _text,
}
