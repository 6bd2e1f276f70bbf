"""How jobs compare, and that best/ is the best one's config."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from factory import config
from factory.sweep import leaderboard
from factory.sweep.outcome import Aim, Outcome, label, ranked, varied
from factory.sweep.plan import Job

AUTO = Aim("auto", "auto")


def outcome(number: int, status: str = "published", error: str | None = None, **metrics: float) -> Outcome:
    return Outcome(Job(number, (f"seed={number}", "model=mlp"), f"sweep/{number}"), status, error, metrics)


def order(*outcomes: Outcome, aim: Aim = AUTO) -> list[int]:
    return [found.job.number for found in ranked(outcomes, aim)]


def test_accuracy_is_the_higher_the_better_and_loss_breaks_ties() -> None:
    a, b, c = (outcome(n, accuracy=acc, loss=loss) for n, acc, loss in ((0, 0.5, 1.0), (1, 0.9, 2.0), (2, 0.9, 1.0)))
    assert order(a, b, c) == [2, 1, 0]


def test_errors_are_the_lower_the_better() -> None:
    assert order(outcome(0, mae=3.0, loss=1.0), outcome(1, mae=2.0, loss=9.0)) == [1, 0]
    assert order(outcome(0, loss=3.0), outcome(1, loss=2.0)) == [1, 0]


def test_aim_may_be_given() -> None:
    a, b = outcome(0, accuracy=0.9, loss=2.0), outcome(1, accuracy=0.8, loss=1.0)
    assert order(a, b, aim=Aim("loss", "auto")) == [1, 0]
    assert order(a, b, aim=Aim("loss", "max")) == [0, 1]


def test_failures_and_what_is_no_number_come_last() -> None:
    nothing, nan = outcome(0, "failed", "train: no"), outcome(1, accuracy=float("nan"), loss=1.0)
    refused, good = outcome(2, "refused", "gate", accuracy=1.0, loss=0.0), outcome(3, accuracy=0.1, loss=1.0)
    assert order(nothing, nan, refused, good) == [3, 1, 0, 2]


def test_jobs_are_named_by_what_differs() -> None:
    jobs = [outcome(number).job for number in (0, 1)]
    assert varied(jobs) == ["seed"]
    assert label(jobs[1], varied(jobs)) == "job 1 seed=1"


def test_leaderboard_holds_every_job(tmp_path: Path) -> None:
    leaderboard.write(tmp_path, [outcome(0, "failed", "train: no"), outcome(1, accuracy=0.5, loss=1.0)], AUTO)
    with open(tmp_path / "leaderboard.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["rank"], row["job"], row["seed"], row["accuracy"], row["error"]) for row in rows] == [
        ("1", "1", "1", "0.5", ""),
        ("", "0", "0", "", "train: no"),
    ]


@pytest.mark.parametrize(
    "words",
    [
        ["model=mlp", "seed=3", "deploy=everywhere"],
        ["model=graph", "data=digits", "deploy=none", "train=careful", "name=mine"],
        ["experiment=pair_everywhere", "train.backend=jax", "train.threads=1"],
        ["data=csv", "data.path=houses.csv", "data.target=price", "data.task=regression"],
    ],
    ids=" ".join,
)
def test_best_composes_to_the_config_it_was_made_from(words: list[str], tmp_path: Path) -> None:
    tree = config.compose(words).tree
    tree["models"] = "odd ${name} \\ here"  # words that YAML and OmegaConf have other plans for
    leaderboard.write_best(tmp_path, tree, outcome(3, accuracy=0.5))
    again = config.compose(["experiment=best"], config_dir=str(tmp_path / "best"))
    assert again.tree == tree
    changed = config.compose(["experiment=best", "seed=77"], config_dir=str(tmp_path / "best"))
    assert changed.tree == {**tree, "seed": 77}
