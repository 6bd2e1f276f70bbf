"""``deploy.require``: what a model must reach to be published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from factory.core.errors import RequirementError
from factory.core.files import write_json
from factory.pipeline.requirements import require_scores
from tests.commands import factory
from tests.pipeline.test_runs import at, summary

BETTER = {"answer": "always answering 'a'", "metric": "accuracy", "better": True}
BETTER["scores"] = {"accuracy": {"model": 0.9, "baseline": 0.5}}


def faults(require: dict[str, Any], models: Path = Path("nowhere"), deployed: bool = True, **trained: Any) -> list[str]:
    trained = {"metrics": {"accuracy": 0.9, "loss": 0.3}, "baseline": {"kind": BETTER}, **trained}
    try:
        require_scores({"name": "m", "deploy": {"require": require}}, trained, models, deployed=deployed)
        return []
    except RequirementError as error:
        return error.problems


def test_metrics_are_held_against_the_side_that_their_name_tells_or_that_is_given() -> None:
    assert faults({"accuracy": 0.9, "loss": 0.3}) == []
    assert faults({"accuracy": 0.95, "loss": 0.2}) == [
        "deploy.require.accuracy: got 0.9000 on the validation rows; takes at least 0.95; not published",
        "deploy.require.loss: got 0.3000 on the validation rows; takes at most 0.2; not published",
    ]
    assert faults({"accuracy": {"max": 0.95}}) == []
    assert faults({"loss": {"min": 1}}) == [
        "deploy.require.loss: got 0.3000 on the validation rows; takes at least 1; not published"
    ]


def test_test_rows_decide_where_there_are_any_and_nothing_that_is_no_number_is_enough() -> None:
    assert faults({"accuracy": 0.8}, test_metrics={"accuracy": 0.7}) == [
        "deploy.require.accuracy: got 0.7000 on the test rows; takes at least 0.8; not published"
    ]
    assert len(faults({"accuracy": 0.8, "loss": 1}, metrics={"accuracy": float("nan"), "loss": float("nan")})) == 2


def test_a_model_no_better_than_the_baseline_is_not_published_unless_it_is_said() -> None:
    worse = {**BETTER, "better": False, "scores": {"accuracy": {"model": 0.4, "baseline": 0.5}}}
    assert faults({}, baseline={"kind": worse}) == [
        "deploy.require.baseline: kind: got accuracy 0.4000 against 0.5000 on the validation rows; "
        "takes better than always answering 'a', or deploy.require.baseline=false; not published"
    ]
    assert faults({"baseline": False}, baseline={"kind": worse}) == []
    assert faults({}, deployed=False, baseline={"kind": worse}) == []


@pytest.mark.parametrize(("theirs", "better"), [(0.8, True), (0.9, False), (0.95, False)])
def test_better_than_the_published_version_is_by_the_first_metric(theirs: float, better: bool, tmp_path: Path) -> None:
    record = {"name": "m", "version": 3, "target": "onnx", "signature": {"inputs": [], "outputs": []}}
    write_json(tmp_path / "onnx" / "m" / "3" / "factory.json", {**record, "metrics": {"accuracy": theirs, "loss": 0}})
    line = (
        "deploy.require.published: got accuracy 0.9000 on the validation rows; takes better than version 3, which has"
    )
    assert faults({"published": True}, tmp_path) == ([] if better else [f"{line} {theirs:.4f}; not published"])
    assert faults({"published": False}, tmp_path) == faults({"published": True}, tmp_path / "none") == []


BOUND = "takes a number, {min: …} or {max: …}"
UNMEASURED = {
    "acuracy=0.9": (
        "acuracy: unknown key; takes loss, accuracy, f1_score, baseline, published; did you mean 'accuracy'?"
    ),
    "accuracy=true": f"accuracy: got True; {BOUND}",
    "accuracy={least: 1}": f"accuracy: got {{'least': 1}}; {BOUND}",
    "baseline=0.5": "baseline: got 0.5; takes true or false",
    "sum=1": "sum: got 1; takes {min: …} or {max: …}, since its name does not tell whether more is better",
}


@pytest.mark.parametrize("word", UNMEASURED)
def test_a_requirement_that_no_run_can_be_measured_by_is_refused_before_anything_starts(
    word: str, tmp_path: Path
) -> None:
    metrics = ["train.metrics=[Sum]"] if word.startswith("sum") else []
    done = factory("data=iris", f"deploy.require.{word}", *metrics, *at(tmp_path))
    assert (done.code, done.err) == (2, f"deploy.require.{UNMEASURED[word]}\n")
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_model_below_its_requirements_is_trained_and_not_published(tmp_path: Path) -> None:
    words = ["data=iris", "train.backend=jax", "train.epochs=1", "optimizer.learning_rate=1e-9", *at(tmp_path)]
    exact = factory(*words, "deploy.require.recall=0.9", "train.metrics=[accuracy,Recall]")
    assert exact.code == 2 and "deploy.require.recall: unknown key; takes accuracy, macro_recall, " in exact.err
    assert not (tmp_path / "run").exists()  # the names are known once the data is read, and nothing was trained

    done = factory(*words, "deploy.require={accuracy: 0.9, published: true}")
    assert done.code == 5
    accuracy, baseline = done.err.splitlines()
    assert accuracy.startswith("deploy.require.accuracy: got 0.3333 on the validation rows; takes at least 0.9")
    assert baseline.startswith("deploy.require.baseline: label: got accuracy 0.3333 against 0.3333")
    assert "warning: label: the model answers 'versicolor' to every validation row" in done.out
    assert not (tmp_path / "models").exists() and not (tmp_path / "run" / "deploy").exists()
    assert summary(tmp_path)["status"] == "refused" and summary(tmp_path)["error"].splitlines()[0] == accuracy
    assert "takes at least 0.9" in (tmp_path / "run" / "report.html").read_text()

    done = factory(*words, "deploy.require={published: true, baseline: false}")
    assert done.code == 0 and "epoch" not in done.out.replace("1 epochs", "")  # the training is kept
    assert (tmp_path / "models" / "saved_model" / "mlp-iris" / "1").exists()
    again = factory(*words, "deploy.require={published: true, baseline: false}")
    assert again.code == 5 and "takes better than version 1, which has 0.3333" in again.err


@pytest.mark.slow
def test_a_sweep_ranks_its_jobs_whatever_they_reach_and_publishes_none_that_does_not_reach_it(tmp_path: Path) -> None:
    folders = [f"models={tmp_path}/models", f"hydra.sweep.dir={tmp_path}/sweep"]
    words = ["-m", "data=iris", "train.backend=jax", "train.epochs=1", "optimizer.learning_rate=1e-9,1e-8", *folders]
    done = factory(*words)
    assert done.code == 5
    assert done.err.startswith("deploy.require.baseline: label: got accuracy 0.3333")
    assert (tmp_path / "sweep" / "leaderboard.csv").read_text().count("published") >= 2
    assert not (tmp_path / "models").exists()
