"""Reasons to doubt a dataset's scores, each of them one line, and none where there is none. Numpy alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from factory.data.dataset import Array, DataSpec, Output, Rows, Source
from factory.data.findings import find_faults
from factory.data.prepare import prepare_dataset
from factory.data.split import Split
from factory.preprocessing.columns import NumberColumn
from factory.preprocessing.spec import Answer, Preprocessing

DRAW = np.random.default_rng(0)
SPEC = DataSpec((), (Output("kind", "classification", 3, ("a", "b", "c"), (3,)),))
KINDS = DRAW.integers(0, 3, 90).astype("int32")
NOISE = DRAW.normal(size=(90, 4)).astype("float32")


def rows(features: Array, kinds: Array = KINDS) -> Rows:
    return Rows({"x": features}, {"kind": kinds})


def parts(features: Array) -> dict[str, Rows]:
    every = rows(features)
    return {"train": every.take(slice(60)), "validation": every.take(slice(60, 80)), "test": every.take(slice(80, 90))}


def regressed(features: Array, target: Array, **more: Any) -> list[str]:
    source = Source("t", {"x": features}, {"price": target}, {"price": "regression"}, **more)
    return list(prepare_dataset(source, Split()).warnings)


def test_sound_data_has_no_line() -> None:
    assert find_faults(SPEC, parts(NOISE)) == []
    assert regressed(NOISE, NOISE @ [1, 2, 3, 4] + DRAW.normal(size=90)) == []


@pytest.mark.parametrize("dtype", ["float32", "int32", "uint8"])
def test_rows_on_two_sides_are_counted(dtype: str) -> None:
    features = DRAW.integers(0, 200, (90, 6)).astype(dtype)
    found = parts(features)
    for array, change in ((found["validation"].inputs["x"], found["train"].inputs["x"]),):
        array[[3, 7]] = change[[11, 50]]
    found["validation"].outputs["kind"][[3, 7]] = found["train"].outputs["kind"][[11, 50]]
    found["test"].inputs["x"][0], found["test"].outputs["kind"][0] = features[5], KINDS[5]
    assert find_faults(SPEC, found) == [
        "2 of 20 validation rows are training rows too: they say nothing of new rows",
        "1 of 10 test rows is a training row too: they say nothing of new rows",
    ]


def test_a_row_that_differs_in_one_bit_or_in_its_target_is_another() -> None:
    features = np.ones((90, 3), np.float32)
    features[:, 0] = 2.0 ** np.arange(-45, 45)
    found = parts(features)
    found["validation"].inputs["x"][0] = -found["train"].inputs["x"][0]
    assert find_faults(SPEC, found) == []
    found["validation"].inputs["x"][0] = found["train"].inputs["x"][0]
    found["validation"].outputs["kind"][0] = (found["train"].outputs["kind"][0] + 1) % 3
    assert find_faults(SPEC, found) == []


def test_a_class_without_rows_in_a_part_is_named() -> None:
    kinds = np.repeat([0, 1, 2], 30).astype("int32")
    found = {"train": rows(NOISE[:60], kinds[:60]), "validation": rows(NOISE[60:], kinds[60:])}
    assert find_faults(SPEC, found) == [
        "kind: no training row is of class 'c', which cannot be learnt",
        "kind: no validation row is of class 'a', 'b', which nothing is known of by the validation rows",
    ]


@pytest.mark.parametrize(
    "leak",
    [KINDS * 2.5 - 1, KINDS + DRAW.uniform(0, 0.9, 90), np.array([3, 1, 2])[KINDS] + 10 * DRAW.integers(0, 4, 90)],
    ids=["a code of the class", "an interval for each class", "few values, each of one class"],
)
def test_a_feature_that_tells_the_class_alone_is_named(leak: Array) -> None:
    features = np.column_stack([NOISE, leak]).astype("float32")
    line = "kind: {} alone tells it for every training row; is it known before the target is?"
    assert find_faults(SPEC, parts(features)) == [line.format("x[4]")]
    assert find_faults(SPEC, parts(features), {"x": ["a", "b", "c", "d", "grade"]}) == [line.format("'grade'")]


def test_a_feature_that_nearly_tells_the_class_is_no_leak() -> None:
    leak = KINDS * 2.5 - 1
    leak[0] = 2.5 * ((KINDS[0] + 1) % 3) - 1
    assert find_faults(SPEC, parts(np.column_stack([NOISE, leak]).astype("float32"))) == []


def test_a_feature_that_is_the_target_in_another_unit_is_named() -> None:
    price = DRAW.normal(3e5, 1e5, 90)
    features = np.column_stack([NOISE, 0.93 * price - 20])
    assert regressed(features, price) == [
        "price: x[4] alone tells it for every training row; is it known before the target is?"
    ]
    assert regressed(np.column_stack([NOISE, price + DRAW.normal(0, 1e3, 90)]), price) == []


def test_too_few_rows_to_tell_a_leak_from_chance_have_no_line() -> None:
    few = {name: part.head(12) for name, part in parts(np.column_stack([NOISE, KINDS]).astype("float32")).items()}
    assert not [line for line in find_faults(SPEC, few) if "alone" in line]


def test_a_leak_of_a_table_has_the_name_of_its_column() -> None:
    names = {"center": 0.0, "fill": 0.0, "indicator": False, "low": -1e9, "high": 1e9}
    columns = (NumberColumn("age", "age", **names), NumberColumn("grade", "grade", **{**names, "indicator": True}))
    spec = replace(SPEC, preprocessing=Preprocessing(columns, (Answer("kind", ("a", "b", "c")),)))
    encoded = np.column_stack([NOISE[:, :1], KINDS, np.zeros(90)]).astype("float32")
    found = {name: Rows({"numbers": part.inputs["x"]}, part.outputs) for name, part in parts(encoded).items()}
    assert find_faults(spec, found) == [
        "kind: 'grade' alone tells it for every training row; is it known before the target is?"
    ]
