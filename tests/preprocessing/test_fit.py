"""Fitting to the training rows: statistics, vocabularies, names, and what is refused."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
import pytest

from factory.core.errors import DataError
from factory.preprocessing.declared import Boolean, Category, Datetime, Declared, Ignore, Number, Text
from factory.preprocessing.fit import fit
from factory.preprocessing.polars_encoder import encode
from factory.preprocessing.spec import Answer, Preprocessing

LARGEST = 1.7976931348623157e308


def fitted(declared: Declared, values: list[Any]) -> Any:
    (column,) = fit({"x": declared}, table(x=values), ()).columns
    return column


def table(**columns: list[Any]) -> pl.DataFrame:
    texts = {name: any(isinstance(value, str) for value in values) for name, values in columns.items()}
    dtypes = {name: pl.String if text else pl.Float64 for name, text in texts.items()}
    return pl.DataFrame({name: pl.Series(values, dtype=dtypes[name]) for name, values in columns.items()})


def refusal(declared: dict[str, Declared], frame: pl.DataFrame) -> list[str]:
    with pytest.raises(DataError) as caught:
        fit(declared, frame, ())
    return caught.value.problems


def test_a_number_is_scaled_by_its_mean_and_deviation_and_clipped_a_width_away() -> None:
    column = fitted(Number(), [1, 2, 3, 6])
    assert (column.fill, column.center, column.low, column.high) == (2.5, 3.0, -4.0, 11.0)
    assert column.scale == np.std([1, 2, 3, 6]) and not column.indicator


def test_what_is_missing_or_infinite_has_no_part_in_the_statistics() -> None:
    column = fitted(Number(missing="mean"), [1, None, math.nan, 5, math.inf, -math.inf])
    assert (column.fill, column.center, column.scale, column.low, column.high) == (3.0, 3.0, 2.0, -3.0, 9.0)
    assert column.indicator


def test_robust_takes_median_and_quartiles_and_the_deviation_where_those_are_equal() -> None:
    column = fitted(Number(scale="robust"), [0, 1, 2, 3, 1000])
    assert (column.center, column.scale) == (2.0, 2.0)
    column = fitted(Number(scale="robust"), [0, 0, 0, 0, 5])
    assert (column.center, column.scale) == (0.0, 2.0)


def test_a_logarithm_begins_at_the_least_value() -> None:
    column = fitted(Number(log=True), [1.0, math.e, math.e**2])
    logs = np.log(1 + np.array([0, math.e - 1, math.e**2 - 1]))
    assert column.low == 1.0 and column.log and math.isclose(column.center, logs.mean())


def test_bins_hold_about_equally_many_and_never_less_than_a_value() -> None:
    assert fitted(Number(bins=4), list(range(101))).bins == (25.0, 50.0, 75.0)
    assert fitted(Number(bins=4), [0, 0, 0, 0, 7, 9]).bins == (5.25,)
    assert fitted(Number(bins=4, clip=(20.0, 60.0)), list(range(101))).bins == (25.0, 50.0, 60.0)


@pytest.mark.parametrize("values", [[3.3] * 7, [0.1] * 1000, [-0.0, 0.0], [5e-324, 0.0], [LARGEST] * 3])
def test_a_constant_becomes_zeros(values: list[float]) -> None:
    preprocessing = fit({"x": Number()}, table(x=values), ())
    assert preprocessing.columns[0].scale == 1.0  # type: ignore[union-attr]
    assert not encode(preprocessing, table(x=[*values, 1e9, -1e9]))["numbers"].any()


@pytest.mark.parametrize("values", [[-1e308, 0, 1e308], [1e-200, 2e-200, 3e-200], [1e16, 1e16 + 4], [0, 5e-324, 1e308]])
def test_extreme_numbers_are_scaled_as_ordinary_ones(values: list[float]) -> None:
    numbers = encode(fit({"x": Number()}, table(x=values), ()), table(x=values))["numbers"]
    assert abs(numbers.mean()) < 1e-6 and abs(numbers.std() - 1) < 1e-6


def test_a_constant_filling_is_kept_within_the_range() -> None:
    column = fitted(Number(missing=-999.0), [1, 2, None])
    assert column.low <= -999 and column.fill == -999


def test_numbers_that_32_bits_cannot_hold_are_refused() -> None:
    assert refusal({"x": Number(scale="none")}, table(x=[0, 1e39])) == [
        "data.columns.x: got values from 0 to 1e+39, which scaled do not fit 32 bits; "
        "takes a narrower range, given as clip"
    ]
    assert fitted(Number(scale="none", clip=(0.0, 10.0)), [0, 1e39]).high == 10.0


def test_a_vocabulary_is_sorted_by_count_then_by_word_and_cut() -> None:
    words = ["b", "b", "a", "a", "c", "", "z", "z", "z", "É", "é"]
    assert fitted(Category(), words).vocabulary == ("z", "a", "b")
    assert fitted(Category(min_count=1), words).vocabulary == ("z", "a", "b", "c", "É", "é")
    assert fitted(Category(words=2), words).vocabulary == ("z", "a")
    assert fitted(Category(lower=True), ["A", "a", "É", "é", "b"]).vocabulary == ("a",)


def test_few_words_are_one_hot_where_nothing_is_said() -> None:
    words = [f"word {place}" for place in range(13)] * 2
    assert fitted(Category(), words[:12] * 2).one_hot and not fitted(Category(), words).one_hot
    assert fitted(Category(encoding="one_hot"), words).one_hot
    assert not fitted(Category(encoding="embedding"), words[:2] * 2).one_hot


def test_a_hashed_category_has_no_vocabulary() -> None:
    column = fitted(Category(buckets=100), ["a", "a"])
    assert (column.vocabulary, column.buckets, column.one_hot) == ((), 100, False)


def test_a_boolean_is_filled_with_the_more_frequent_answer() -> None:
    assert fitted(Boolean(), ["Yes", "no", "y", ""]).fill == 1.0
    assert fitted(Boolean(missing="mean"), ["Yes", "no", "y", "on", ""]).fill == 0.75
    assert fitted(Boolean(missing=0.0), ["Yes", ""]).fill == 0.0
    assert fitted(Boolean(), ["Yes", ""]).indicator and not fitted(Boolean(), ["Yes", "no"]).indicator


def test_a_date_time_has_the_parts_that_vary() -> None:
    days = [datetime(2024, 3, day, tzinfo=UTC).timestamp() for day in (4, 11, 18)]
    column = fitted(Datetime(), days)
    assert column.parts == ("day",) and column.fill == days[1] == column.center
    assert fitted(Datetime(parts=("hour",)), days).parts == ("hour",)
    assert fitted(Datetime(), [*days, days[0] + 3600 * 24 * 40 + 1800]).parts == ("weekday", "day", "month")


def test_a_texts_vocabulary_is_that_of_its_words() -> None:
    rows = ["The cat, the DOG.", "a cat's dog", "", "the"]
    column = fitted(Text(), rows)
    assert (column.vocabulary, column.length) == (("the", "dog"), 64)
    bag = fitted(Text(bag=True, words=1), rows)
    assert (bag.vocabulary, bag.length) == (("the",), 0)


def test_columns_are_named_for_clients_and_ignored_ones_left_out() -> None:
    declared: dict[str, Declared] = {"größe (cm)": Number(), "id": Ignore(), "codes": Category(), "risk": Number()}
    frame = table(**{"größe (cm)": [1, 2], "codes": ["a", "a"], "risk": [1, 2], "id": [1, 2]})
    fitted = fit(declared, frame, (Answer("risk", ("bad", "good")),))
    assert [(column.name, column.input) for column in fitted.columns] == [
        ("größe (cm)", "gro_e_cm"),
        ("codes", "codes_2"),
        ("risk", "risk_2"),
    ]


def test_missing_values_that_are_refused_name_their_row() -> None:
    declared: dict[str, Declared] = {"age": Number(missing="refuse"), "job": Category(missing="refuse")}
    frame = table(age=[1, None, 3, math.nan], job=["a", "a", "", "b"])
    with pytest.raises(DataError) as caught:
        fit(declared, frame, (), lambda row, column: f"credit.csv: row {row + 2}, column {column!r}")
    assert caught.value.problems == [
        "credit.csv: row 3, column 'age': got nothing; takes a number, for data.columns.age.missing is refuse "
        "(2 such rows)",
        "credit.csv: row 4, column 'job': got nothing; takes a category, for data.columns.job.missing is refuse",
    ]


def test_columns_without_anything_to_learn_are_refused_all_at_once() -> None:
    declared: dict[str, Declared] = {"x": Number(), "y": Boolean(), "z": Text(bag=True), "ok": Number(), "w": Boolean()}
    frame = table(x=[None, math.nan], y=["", ""], z=["once", "twice"], ok=[1, 2], w=["yes", "perhaps"])
    spellings = "true, yes, y, t, 1, on, false, no, n, f, 0, off"
    assert refusal(declared, frame) == [
        "data.columns.x: got no value in 2 training rows; takes at least one, or kind: ignore",
        "data.columns.y: got no value in 2 training rows; takes at least one, or kind: ignore",
        "data.columns.z.min_count: got 2; takes a count that some word of the training rows has",
        f"row 1, column 'w': got 'perhaps'; takes one of {spellings}",
    ]


def test_no_columns_and_no_rows_are_refused() -> None:
    assert refusal({"x": Ignore()}, table(x=[1])) == [
        "data.columns: got no column that the model could read; takes at least one that is not ignored"
    ]
    assert refusal({"x": Text()}, table(x=[])) == ["data: got no training rows; takes at least one"]
    assert refusal({"x": Datetime(elapsed=False)}, table(x=[5.0, 5.0])) == [
        "data.columns: got columns of which nothing is left for the model; takes one that varies"
    ]


def test_what_was_fitted_is_read_back_from_json() -> None:
    declared: dict[str, Declared] = {"a": Number(), "b": Category(), "c": Boolean(), "d": Datetime(), "e": Text()}
    frame = table(a=[1, 2], b=["x", "x"], c=["yes", ""], d=[0, 1e9], e=["to be", "or not to be"])
    preprocessing = fit(declared, frame, (Answer("y", None),))
    assert Preprocessing.from_json(json.loads(json.dumps(preprocessing.to_json()))) == preprocessing
