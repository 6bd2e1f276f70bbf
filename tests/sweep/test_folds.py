"""Cross-validation: a sweep over the folds of ``data.split.folds``."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
import yaml

from factory.cli.main import parse
from factory.core.terminal import Terminal
from factory.sweep.command import in_full
from factory.sweep.outcome import Outcome
from factory.sweep.plan import Job
from factory.sweep.ranking import Aim
from factory.sweep.report import leaderboard
from tests.commands import factory


def fold(number: int, rate: float, place: int, accuracy: float, *more: str) -> Outcome:
    words = (f"rate={rate}", "data.split.folds=3", f"data.split.fold={place}", *more)
    return Outcome(Job(number, words, f"sweep/{number}"), "trained", metrics={"accuracy": accuracy})


def test_folds_are_a_sweep_over_each_of_them_unless_one_is_chosen() -> None:
    assert in_full(["data.split.folds=3"]) == ["data.split.folds=3", "data.split.fold=range(3)"]
    assert in_full(["data.split.folds=3", "data.split.fold=1,2"]) == ["data.split.folds=3", "data.split.fold=1,2"]
    assert in_full(["data.split.folds=null"]) == ["data.split.folds=null"]
    assert [parse(words).verb for words in (["data.split.folds=3"], ["run", "data.split.folds=3"])] == ["sweep"] * 2
    assert parse(["data.split.folds=3", "data.split.fold=1"]).verb == "run"
    assert parse(["data.split.folds=3", "--cfg", "job"]).verb == "hydra"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            ["data.split.fold=1"],
            "data.split.folds: missing; takes how many folds there are, since data.split.fold is 1",
        ),
        (["data.split.folds=3", "data.split.fold=3"], "data.split.fold: got 3; takes an integer from 0 to 2"),
        (
            ["+data={split: {folds: 4}}"],
            "data.split.fold: missing; takes an integer from 0 to 3; a cross-validation is a sweep: "
            "python -m factory -m data.split.folds=4 …",
        ),
    ],
    ids=["no folds", "no such fold", "no fold"],
)
def test_a_fold_without_its_cross_validation_is_refused(words: list[str], line: str) -> None:
    done = factory(*words)
    assert (done.code, done.err) == (2, f"{line}\n")


def test_the_leaderboard_has_one_line_for_all_folds_and_says_what_they_are() -> None:
    jobs = [fold(n, 0.1 + n // 3, n % 3, accuracy) for n, accuracy in enumerate((0.9, 0.5, 0.7, 0.8, 0.8, 0.8))]
    where = Terminal(file=io.StringIO(), width=120)
    leaderboard.show(jobs, Aim("auto", "auto"), where)
    assert isinstance(where.file, io.StringIO)
    lines = [line.split() for line in where.file.getvalue().splitlines()]
    assert ["job", "rate", "folds", "accuracy"] in lines
    assert lines.index(["3", "1.1", "3", "0.8000", "±", "0.0000"]) + 1 == lines.index(
        ["0", "0.1", "3", "0.7000", "±", "0.2000"]
    )


def test_folds_under_several_seeds_are_runs_of_one_config(tmp_path: Path) -> None:
    jobs = [fold(n, 0.1, n % 3, 0.5, f"seed={n // 3}") for n in range(6)]
    leaderboard.write(tmp_path, jobs, Aim("auto", "auto"))
    with open(tmp_path / "leaderboard.csv", newline="") as file:
        assert {(row["rank"], row["runs"]) for row in csv.DictReader(file)} == {("1", "6")}


@pytest.mark.slow
def test_a_cross_validation_judges_each_fold_and_publishes_nothing(tmp_path: Path) -> None:
    words = ["data=iris", "data.split.test=0.2", "data.split.folds=3", "train.backend=jax", "train.epochs=3"]
    done = factory(*words, f"models={tmp_path}/models", f"hydra.sweep.dir={tmp_path}/sweep")
    assert done.code == 0, done.err
    with open(tmp_path / "sweep" / "leaderboard.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [sorted(row[key] for row in rows) for key in ("data.split.fold", "folds")] == [["0", "1", "2"], ["3"] * 3]
    assert {row["status"] for row in rows} == {"trained"} and len({row["accuracy_mean"] for row in rows}) == 1
    assert float(rows[0]["accuracy_mean"]) == pytest.approx(sum(float(row["accuracy"]) for row in rows) / 3)
    assert not (tmp_path / "models").exists()
    best = yaml.safe_load((tmp_path / "sweep" / "best" / "experiment" / "best.yaml").read_text())
    split = best["data"]["split"]
    assert (split["folds"], split["fold"], split["test"], split["validation"]) == (None, None, 0.2, 0.2)
