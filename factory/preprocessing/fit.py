"""CHILD: Fitting of declared preprocessing to the training rows: fillings, scales, boundaries and vocabularies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl

from factory.core.errors import DataError
from factory.core.messages import shown
from factory.preprocessing import declared as d
from factory.preprocessing import statistics
from factory.preprocessing.columns import (
    PARTS,
    BooleanColumn,
    CategoryColumn,
    Column,
    DatetimeColumn,
    NumberColumn,
    TextColumn,
)
from factory.preprocessing.inputs import inputs_of
from factory.preprocessing.polars_encoder import parts_of, slices
from factory.preprocessing.spec import Answer, Preprocessing
from factory.preprocessing.statistics import Numbers
from factory.preprocessing.words import cut, small

ONE_HOT = 12
"""The largest vocabulary whose codes a model takes as one number each where the user does not say."""


@dataclass(frozen=True)
class Fitting:
    """One column and its training rows, on the way to a fitted column.

    Args:
        name: of the column in the user's file.
        input: by which clients call it.
        rows: Float64 or String, null where missing.
        where: returns the words by which errors name a cell, from its row and column.
        path: of its declaration in the config.
        problems: those found; appended to.
    """

    name: str
    input: str
    rows: pl.Series
    where: Callable[[int, str], str]
    path: str
    problems: list[str] = field(default_factory=list)

    @property
    def missing(self) -> bool:
        return self.rows.null_count() > 0

    def refuse(self, bad: pl.Series, takes: str) -> None:
        """Note the first row that is not what the declaration takes, and how many there are."""
        if bad.any():
            row = int(bad.arg_true()[0])
            more = f" ({int(bad.sum()):,} such rows)" if int(bad.sum()) > 1 else ""
            got = "nothing" if self.rows[row] is None else shown(self.rows[row])
            self.problems.append(f"{self.where(row, self.name)}: got {got}; takes {takes}{more}")

    def refuse_empty(self) -> None:
        """Note that there is nothing to learn from."""
        rows = f"{len(self.rows):,} training rows"
        self.problems.append(f"{self.path}: got no value in {rows}; takes at least one, or kind: ignore")

    def refuse_missing(self, declared: Any, takes: str) -> None:
        if declared.missing == "refuse":
            self.refuse(self.rows.is_null(), f"{takes}, for {self.path}.missing is refuse")


def fit(
    declared: Mapping[str, d.Declared],
    frame: pl.DataFrame,
    answers: Sequence[Answer],
    where: Callable[[int, str], str] = lambda row, column: f"row {row}, column {column!r}",
) -> Preprocessing:
    """Fit the declared columns to training rows.

    Args:
        declared: column name → its declaration, in the order of the file.
        frame: the training rows alone: Float64 (null and NaN are missing) of each number and date-time, String (null
            and the empty text are missing) of each other column that is not ignored.
        answers: of the model, in the order of its outputs.
        where: returns the words by which errors name a cell, from the row of the frame and the column.

    Raises:
        DataError: a line for each column whose training rows are not what its declaration takes.
    """
    kept = {name: one for name, one in declared.items() if not isinstance(one, d.Ignore)}
    if not kept:
        raise DataError("data.columns: got no column that the model could read; takes at least one that is not ignored")
    if not len(frame):
        raise DataError("data: got no training rows; takes at least one")
    inputs = inputs_of(kept, [name for answer in answers for name in answer.names])
    problems: list[str] = []
    columns: list[Column] = []
    for name, one in kept.items():
        fitting = Fitting(name, inputs[name], _with_nulls(frame[name]), where, f"data.columns.{name}")
        column = _FITS[type(one)](fitting, one)
        columns += [column] if column is not None and not fitting.problems else []
        problems += fitting.problems
    if problems:
        raise DataError(problems)
    fitted = Preprocessing(tuple(columns), tuple(answers))
    if not fitted.tensors:
        raise DataError("data.columns: got columns of which nothing is left for the model; takes one that varies")
    return fitted


def _with_nulls(rows: pl.Series) -> pl.Series:
    """Return a column in which all that is missing is null."""
    there = pl.lit(rows) != "" if rows.dtype == pl.String else pl.lit(rows).is_not_nan()
    return pl.select(pl.when(there).then(rows)).to_series()


# ---- numbers


def _number(fitting: Fitting, declared: d.Number) -> NumberColumn | None:
    fitting.refuse_missing(declared, "a number")
    known = _finite(fitting)
    if known is None:
        return None
    fill, indicator = _filling(known, declared.missing), _indicator(fitting, declared.indicator)
    low, high = declared.clip or _range(np.append(known, fill), below=not declared.log)
    column = NumberColumn(fitting.name, fitting.input, fill, indicator, low, high, declared.log)
    x = known.clip(low, high)
    if bins := statistics.quantile_boundaries(x, declared.bins) if declared.bins else ():
        return replace(column, indicator=False, bins=bins)
    with np.errstate(over="ignore"):
        values, edges = (np.log(1 + (v - low)) if declared.log else v for v in (x, np.array([low, high])))
        center, scale = statistics.CENTER_AND_SCALE[declared.scale](values)
        fits = np.isfinite(((edges - center) / scale).astype(np.float32)).all()
    if not fits:
        got, takes = f"values from {known.min():g} to {known.max():g}", "a narrower range, given as clip"
        fitting.problems.append(f"{fitting.path}: got {got}, which scaled do not fit 32 bits; takes {takes}")
        return None
    return replace(column, center=center, scale=scale)


def _datetime(fitting: Fitting, declared: d.Datetime) -> DatetimeColumn | None:
    fitting.refuse_missing(declared, "a date")
    known = _finite(fitting)
    if known is None:
        return None
    fill, indicator = _filling(known, declared.missing), _indicator(fitting, declared.indicator)
    low, high = _range(np.append(known, fill))
    center, scale = statistics.standard(known)
    parts = declared.parts
    if parts is None:
        values = parts_of(tuple(PARTS), pl.Series(known)).struct
        parts = tuple(part for part in PARTS if values.field(part).n_unique() > 1)
    return DatetimeColumn(
        fitting.name, fitting.input, fill, indicator, low, high, center, scale, declared.elapsed, parts
    )


def _finite(fitting: Fitting) -> Numbers | None:
    """Return the finite values of the training rows; None, with a problem noted, where there are none to learn from."""
    known: Numbers = fitting.rows.filter(fitting.rows.is_finite()).to_numpy()
    if not len(known):
        fitting.refuse_empty()
        return None
    return known


def _filling(known: Numbers, missing: str | float) -> float:
    if not isinstance(missing, str):
        return missing
    return statistics.mean(known) if missing == "mean" else statistics.median(known)


def _range(x: Numbers, below: bool = True) -> tuple[float, float]:
    """Return the range of the numbers, extended by its width above and below."""
    low, high, largest = float(x.min()), float(x.max()), float(np.finfo(np.float64).max)
    width = min(high - low, largest)
    return max(low - width, -largest) if below else low, min(high + width, largest)


def _indicator(fitting: Fitting, declared: bool | None) -> bool:
    return fitting.missing if declared is None else declared


# ---- texts


def _boolean(fitting: Fitting, declared: d.Boolean) -> BooleanColumn | None:
    fitting.refuse_missing(declared, "yes or no")
    values = small(fitting.rows)
    true, false = (values.is_in(list(words)) for words in (declared.true, declared.false))
    fitting.refuse(~(true | false).fill_null(True), f"one of {', '.join((*declared.true, *declared.false))}")
    known = true.drop_nulls().cast(pl.Float64).to_numpy()
    if not len(known):
        fitting.refuse_empty()
        return None
    share = statistics.mean(known)
    frequent = float(share > 0.5)
    fills = {"mean": share, "median": frequent, "refuse": frequent}
    fill = fills[declared.missing] if isinstance(declared.missing, str) else declared.missing
    indicator = _indicator(fitting, declared.indicator)
    return BooleanColumn(fitting.name, fitting.input, declared.true, declared.false, fill, indicator)


def _category(fitting: Fitting, declared: d.Category) -> CategoryColumn:
    fitting.refuse_missing(declared, "a category")
    words: tuple[str, ...] = ()
    if not declared.buckets:
        values = small(fitting.rows) if declared.lower else fitting.rows
        words = statistics.vocabulary(values, declared.min_count, declared.words)
    few = (declared.buckets or len(words)) <= ONE_HOT
    one_hot = few if declared.encoding is None else declared.encoding == "one_hot"
    return CategoryColumn(fitting.name, fitting.input, words, declared.buckets, declared.lower, one_hot)


def _text(fitting: Fitting, declared: d.Text) -> TextColumn | None:
    counts = pl.concat(statistics.counted(cut(fitting.rows[rows])[0]) for rows in slices(fitting.rows.to_frame()))
    words = statistics.largest(counts.group_by("word").agg(pl.col("count").sum()), declared.min_count, declared.words)
    if declared.bag and not words:
        fitting.problems.append(
            f"{fitting.path}.min_count: got {declared.min_count}; takes a count that some word of the training rows has"
        )
        return None
    return TextColumn(fitting.name, fitting.input, words, 0 if declared.bag else declared.length)


_FITS: Mapping[type[d.Declared], Callable[[Fitting, Any], Column | None]] = {
    d.Number: _number,
    d.Category: _category,
    d.Boolean: _boolean,
    d.Datetime: _datetime,
    d.Text: _text,
}
