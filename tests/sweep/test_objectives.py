"""What trials are compared by."""

from __future__ import annotations

import math
from typing import Any

import pytest

from factory.core.errors import ConfigError
from factory.sweep.outcome import Outcome
from factory.sweep.plan import Job
from factory.sweep.ranking import Aim, front
from factory.sweep.search.objectives import Objectives

AUTO = Aim("auto", "auto")
SMALL = {"onnx": {"status": "passed", "bytes": 2048, "milliseconds": 0.5}}


def outcome(number: int, size: int | None = None, **metrics: float) -> Outcome:
    targets = {"onnx": {"status": "passed", "bytes": size, "milliseconds": None}} if size else {}
    return Outcome(Job(number, (), ""), "published", metrics=metrics, targets=targets)


@pytest.mark.parametrize(
    ("declared", "aims", "directions"),
    [
        (None, ["auto"], ["minimize"]),
        ("accuracy", ["accuracy"], ["maximize"]),
        (["accuracy", "onnx.latency"], ["accuracy", "onnx.latency"], ["maximize", "minimize"]),
        ({"accuracy": "min", "onnx.size": "max"}, ["accuracy", "onnx.size"], ["minimize", "maximize"]),
    ],
)
def test_objective_direction_follows_the_metric_name_unless_given(
    declared: Any, aims: list[str], directions: list[str]
) -> None:
    found = Objectives.of(declared, AUTO)
    assert [aim.metric for aim in found.aims] == aims
    assert found.directions == directions


@pytest.mark.parametrize("declared", [{"accuracy": "mx"}, ["onnx.latncy"], [], 3, [1], {}])
def test_invalid_objectives_are_refused(declared: Any) -> None:
    with pytest.raises(ConfigError, match=r"search\.objectives"):
        Objectives.of(declared, AUTO)


def test_objectives_of_targets_that_no_trial_has_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"did you mean 'onnx\.size'"):
        Objectives.of(["accuracy", "onx.size"], AUTO).check_targets(["onnx"])
    with pytest.raises(ConfigError, match="nothing is deployed"):
        Objectives.of("onnx.size", AUTO).check_targets([])


def test_trial_values_are_in_the_order_of_the_objectives() -> None:
    facts = Outcome(Job(0, (), ""), "published", metrics={"accuracy": 0.9, "loss": 1.0}, targets=SMALL).facts
    assert Objectives.of(["onnx.latency", "onnx.size", "accuracy"], AUTO).values(facts) == [0.5, 2048, 0.9]
    assert Objectives.of(None, AUTO).values(facts) == [-0.9]
    assert Objectives.of("loss", AUTO).values({"loss": math.nan}) is None
    with pytest.raises(ConfigError, match="did you mean 'accuracy'"):
        Objectives.of("acuracy", AUTO).values(facts)


def test_live_objective_is_the_metric_on_the_validation_rows() -> None:
    epoch = {"accuracy": 0.8, "loss": 1.0, "val_accuracy": 0.7, "val_loss": 1.5}
    assert Objectives.of("accuracy", AUTO).live(epoch) == ("val_accuracy", 0.7)
    assert Objectives.of(None, AUTO).live(epoch) == ("val_accuracy", -0.7)
    assert Objectives.of("loss", AUTO).live({"loss": 1.0}) == ("loss", 1.0)
    assert Objectives.of("mae", AUTO).live(epoch) is None


def test_ranking_front_holds_the_jobs_that_no_other_beats() -> None:
    big, small = outcome(0, 900, accuracy=0.9), outcome(1, 100, accuracy=0.8)
    worse, twin = outcome(2, 901, accuracy=0.85), outcome(3, 100, accuracy=0.8)
    lost = Outcome(Job(4, (), ""), "failed", "no")
    aims = Objectives.of(["accuracy", "onnx.size"], AUTO).aims
    assert front([big, small, worse, twin, lost], aims) == {0, 1, 3}
    assert front([outcome(5, accuracy=1.0), small], aims) == {1}
