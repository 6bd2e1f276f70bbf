"""CHILD: Statistics of training rows, in float64, that hold for any numbers: tiny, huge, constant.

Sums of squares of numbers beyond 1e154 overflow, those below 1e-154 vanish; so numbers are divided by a power of two
first, which changes no digit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

Numbers: TypeAlias = NDArray[np.float64]

LEAST = 1e-300
"""Smaller deviations count as none: what is divided by them is lost where denormals count as 0."""


def mean(x: Numbers) -> float:
    """Return the mean of at least one finite number, within their range."""
    exponent = _exponent(x)
    return float(np.ldexp(np.ldexp(x, -exponent).mean(), exponent).clip(x.min(), x.max()))


def median(x: Numbers) -> float:
    """Return the median of at least one finite number."""
    exponent = _exponent(x)
    return float(np.ldexp(np.median(np.ldexp(x, -exponent)), exponent))


def standard(x: Numbers) -> tuple[float, float]:
    """Return the mean and the standard deviation (of the whole population), 1 where the numbers are all the same."""
    center, exponent = mean(x), _exponent(x)
    return center, _usable(float(np.ldexp(np.ldexp(x, -exponent).std(), exponent)), x)


def robust(x: Numbers) -> tuple[float, float]:
    """Return the median and the distance of the quartiles; where that is 0, the standard deviation takes its place."""
    exponent = _exponent(x)
    low, high = np.quantile(np.ldexp(x, -exponent), (0.25, 0.75))
    distance = float(np.ldexp(high - low, exponent))
    return median(x), _usable(distance, x) if distance > LEAST else standard(x)[1]


CENTER_AND_SCALE: Mapping[str, Callable[[Numbers], tuple[float, float]]] = {
    "standard": standard,
    "robust": robust,
    "none": lambda x: (0.0, 1.0),
}


def quantile_boundaries(x: Numbers, bins: int) -> tuple[float, ...]:
    """Return boundaries between bins of about equally many numbers; fewer than asked for where many are the same."""
    exponent = _exponent(x)
    quantiles = np.ldexp(np.quantile(np.ldexp(x, -exponent), np.arange(1, bins) / bins), exponent)
    return tuple(boundary for boundary in np.unique(quantiles).tolist() if boundary > x.min())


def vocabulary(words: pl.Series, min_count: int, most: int) -> tuple[str, ...]:
    """Return the words that occur often enough, the most frequent first, then in the order of their characters."""
    return largest(counted(words), min_count, most)


def counted(words: pl.Series) -> pl.DataFrame:
    """Return ``word`` and ``count`` of each word that is neither null nor empty."""
    return words.to_frame("word").filter(pl.col("word") != "").group_by("word").agg(count=pl.len())


def largest(counts: pl.DataFrame, min_count: int, most: int) -> tuple[str, ...]:
    """Return the most frequent words of a table with ``word`` and ``count``."""
    kept = counts.filter(pl.col("count") >= min_count).sort(["count", "word"], descending=[True, False])
    return tuple(kept["word"].head(most).to_list())


def _exponent(x: Numbers) -> Any:
    """Return the power of two above the largest magnitude."""
    return np.frexp(np.abs(x).max())[1]


def _usable(deviation: float, x: Numbers) -> float:
    return deviation if deviation > LEAST and x.min() < x.max() else 1.0
