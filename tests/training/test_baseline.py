"""The trivial answer, measured beside the model on the same rows; and the words of a model that is no better."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from factory.data.dataset import DataSpec, Output
from factory.report import baseline_note
from factory.training import baseline

PET = Output("pet", "classification", 2, ("cat", "dog"), (2,))
PRICE = Output("price", "regression", None, None, (2,))
TRAINING = np.array([0, 1, 1, 1], np.int32)
VALIDATION = np.array([0, 1, 1, 0, 1], np.int32)
DRAW = np.random.default_rng(0)
PRICES = np.column_stack([DRAW.normal(3e5, 1e5, 40), DRAW.normal(-1, 1e-3, 40)]).astype("float32")


def judged(output: Output, training: Any, targets: Any, predictions: Any) -> dict[str, Any]:
    return baseline.measure_baseline(
        DataSpec((), (output,)), {output.name: training}, {output.name: targets}, {output.name: predictions}
    )


def test_a_classifier_stands_beside_the_most_frequent_class_of_training() -> None:
    right = np.eye(2)[VALIDATION]
    found = judged(PET, TRAINING, VALIDATION, right)["pet"]
    assert found["scores"] == {
        "accuracy": {"model": 1.0, "baseline": pytest.approx(0.6)},
        "macro_recall": {"model": 1.0, "baseline": 0.5},
    }
    assert found["metric"] == "accuracy" and found["better"]
    assert baseline_note.warnings({"baseline": {"pet": found}}) == []


def test_a_classifier_that_says_one_class_is_told() -> None:
    always = np.tile([0.1, 0.9], (5, 1))
    found = judged(PET, TRAINING, VALIDATION, always)
    assert baseline_note.warnings({"baseline": found}) == [
        "pet: the model is no better than always answering 'dog': accuracy 0.6000 against 0.6000 on the validation rows"
    ]


def test_a_classifier_of_rare_events_is_better_where_it_finds_them_and_not_where_it_guesses() -> None:
    actual = np.repeat([0, 1], [190, 10]).astype("int32")
    finds, guesses = np.zeros(200, int), np.zeros(200, int)
    finds[[*range(20), *range(190, 198)]] = 1  # 8 of 10, with 20 false alarms: right less often than "never"
    guesses[::4] = 1
    found = {name: judged(PET, actual, actual, np.eye(2)[rows])["pet"] for name, rows in (("f", finds), ("g", guesses))}
    assert (found["f"]["metric"], found["f"]["better"]) == ("macro_recall", True)
    assert (found["g"]["metric"], found["g"]["better"]) == ("accuracy", False)


def test_a_regression_stands_beside_the_mean_of_the_training_rows_column_by_column() -> None:
    train, validation = PRICES[:30], PRICES[30:]
    found = judged(PRICE, train, validation, validation * np.float32(1.0001))["price"]
    assert found["metric"] == "r2" and found["better"]
    assert found["scores"]["r2"]["baseline"] <= 0
    mean = train.astype("float64").mean(axis=0)
    assert found["scores"]["mae"]["baseline"] == pytest.approx(np.abs(validation - mean).mean())


def test_a_regression_that_learned_nothing_is_told() -> None:
    train, validation = PRICES[:30], PRICES[30:]
    (line,) = baseline_note.warnings({"baseline": judged(PRICE, train, validation, np.zeros_like(validation))})
    assert line.startswith("price: the model is no better than the mean of the training rows: R² -")
    mean = np.broadcast_to(train.astype("float64").mean(axis=0), validation.shape)
    assert not judged(PRICE, train, validation, mean)["price"]["better"]


def test_rows_that_do_not_vary_are_judged_by_the_error() -> None:
    same = np.full((5, 2), 7, np.float32)
    found = judged(PRICE, PRICES[:30], same, same)["price"]
    assert found["metric"] == "mae" and found["better"]
    assert found["scores"]["r2"] == {"model": None, "baseline": None}


def test_a_model_whose_answers_are_not_finite_is_no_better() -> None:
    broken = np.full_like(PRICES[30:], np.nan)
    assert not judged(PRICE, PRICES[:30], PRICES[30:], broken)["price"]["better"]


def test_a_run_from_before_the_baseline_was_measured_has_no_warning() -> None:
    assert baseline_note.warnings({}) == [] and list(baseline_note.rows({"metrics": {}})) == []
