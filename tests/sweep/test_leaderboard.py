"""How jobs compare, and that best/ is the best one's config."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from factory.config.composition.compose import compose_config
from factory.core.terminal import Terminal
from factory.sweep.labels import label, varied
from factory.sweep.outcome import Outcome
from factory.sweep.plan import Job
from factory.sweep.ranking import Aim, best_first
from factory.sweep.report import leaderboard
from factory.sweep.seeds import candidates

AUTO = Aim("auto", "auto")


def outcome(number: int, status: str = "published", error: str | None = None, **metrics: float) -> Outcome:
    return Outcome(Job(number, (f"seed={number}", "model=mlp"), f"sweep/{number}"), status, error, metrics)


def order(*outcomes: Outcome, aim: Aim = AUTO) -> list[int]:
    return [found.job.number for found in best_first(outcomes, aim)]


def test_higher_accuracy_ranks_first_and_loss_breaks_ties() -> None:
    a, b, c = (outcome(n, accuracy=acc, loss=loss) for n, acc, loss in ((0, 0.5, 1.0), (1, 0.9, 2.0), (2, 0.9, 1.0)))
    assert order(a, b, c) == [2, 1, 0]


def test_lower_error_ranks_first() -> None:
    assert order(outcome(0, mae=3.0, loss=1.0), outcome(1, mae=2.0, loss=9.0)) == [1, 0]
    assert order(outcome(0, loss=3.0), outcome(1, loss=2.0)) == [1, 0]


def test_given_metric_and_mode_decide_the_ranking() -> None:
    a, b = outcome(0, accuracy=0.9, loss=2.0), outcome(1, accuracy=0.8, loss=1.0)
    assert order(a, b, aim=Aim("loss", "auto")) == [1, 0]
    assert order(a, b, aim=Aim("loss", "max")) == [0, 1]


def test_nan_and_failed_jobs_rank_last() -> None:
    nothing, nan = outcome(0, "failed", "train: no"), outcome(1, accuracy=float("nan"), loss=1.0)
    refused, good = outcome(2, "refused", "gate", accuracy=1.0, loss=0.0), outcome(3, accuracy=0.1, loss=1.0)
    assert order(nothing, nan, refused, good) == [3, 1, 0, 2]


def test_job_labels_name_only_the_overrides_that_differ() -> None:
    jobs = [outcome(number).job for number in (0, 1)]
    assert varied(jobs) == ["seed"]
    assert label(jobs[1], varied(jobs)) == "job 1 seed=1"


def test_leaderboard_csv_holds_every_job(tmp_path: Path) -> None:
    leaderboard.write(tmp_path, [outcome(0, "failed", "train: no"), outcome(1, accuracy=0.5, loss=1.0)], AUTO)
    with open(tmp_path / "leaderboard.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["rank"], row["job"], row["seed"], row["accuracy"], row["error"]) for row in rows] == [
        ("1", "1", "1", "0.5", ""),
        ("", "0", "0", "", "train: no"),
    ]


def seeded(number: int, rate: float, seed: int, **metrics: float) -> Outcome:
    job = Job(number, (f"seed={seed}", f"rate={rate}"), f"sweep/{number}")
    return Outcome(job, "published", metrics=metrics, targets={"onnx": {"status": "passed", **SIZE}})


SIZE = {"bytes": 1024, "milliseconds": 0.25}


def lucky_and_steady() -> list[Outcome]:
    """The best run of all has a config that is worse in the mean."""
    lucky = [seeded(n, 0.1, n, accuracy=accuracy) for n, accuracy in enumerate((0.95, 0.5, 0.5))]
    return [*lucky, *(seeded(n, 0.2, n - 3, accuracy=accuracy) for n, accuracy in ((3, 0.8), (4, 0.9), (5, 0.85)))]


def test_configs_are_ranked_by_their_mean_over_seeds(tmp_path: Path) -> None:
    jobs = lucky_and_steady()
    assert order(*jobs) == [4, 5, 3, 0, 1, 2]
    leaderboard.write(tmp_path, [*jobs, outcome(6, "failed", "no")], AUTO)
    with open(tmp_path / "leaderboard.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["rank"] for row in rows] == ["1", "1", "1", "2", "2", "2", ""]
    assert (rows[0]["seeds"], rows[0]["accuracy"]) == ("3", "0.9")
    assert float(rows[0]["accuracy_mean"]) == pytest.approx(0.85)
    assert float(rows[0]["accuracy_spread"]) == pytest.approx(0.05)
    assert float(rows[3]["accuracy_mean"]) == pytest.approx(0.65)


def test_terminal_table_has_one_row_for_all_seeds_of_a_config() -> None:
    where = Terminal(file=io.StringIO(), width=120)
    leaderboard.show(lucky_and_steady(), AUTO, where)
    assert isinstance(where.file, io.StringIO)
    lines = [line.split() for line in where.file.getvalue().splitlines()]
    assert ["job", "rate", "seeds", "accuracy", "onnx"] in lines
    steady = ["3", "0.2", "3", "0.8500", "±", "0.0500", "1", "KiB,", "0.25", "ms"]
    lucky = ["0", "0.1", "3", "0.6500", "±", "0.2598", "1", "KiB,", "0.25", "ms"]
    assert lines.index(steady) + 1 == lines.index(lucky)


def test_config_with_a_nan_seed_ranks_behind_finite_ones() -> None:
    bad = [seeded(0, 0.1, 0, accuracy=1.0), seeded(1, 0.1, 1, accuracy=float("nan"))]
    assert order(*bad, seeded(2, 0.2, 0, accuracy=0.1)) == [2, 0, 1]


def test_repeated_config_is_one_seed_and_labels_shorten_long_numbers() -> None:
    twins = [seeded(0, 0.1, 0, accuracy=0.5), seeded(1, 0.1, 0, accuracy=0.5)]
    (one,) = candidates(twins)
    assert (len(one.outcomes), one.spread) == (1, {})
    job = Job(7, ("rate=0.0012345678", "hidden=[128,64]", "name=0.12"), "")
    assert label(job, ["rate", "hidden", "name"]) == "job 7 rate=0.001235 hidden=[128,64] name=0.12"


def test_pruned_jobs_are_not_failures_and_the_pareto_front_is_marked(tmp_path: Path) -> None:
    jobs = [seeded(0, 0.1, 0, accuracy=0.5), outcome(1, "pruned", "after epoch 2"), seeded(2, 0.2, 0, accuracy=0.7)]
    where = Terminal(file=io.StringIO(), width=120)
    leaderboard.show(jobs, AUTO, where, frozenset({2}))
    assert isinstance(where.file, io.StringIO)
    text = where.file.getvalue()
    assert "2 *" in text and "1 pruned" in text and "after epoch 2" not in text
    assert [job.failed for job in jobs] == [False, False, False]
    leaderboard.write(tmp_path, jobs, AUTO, frozenset({2}))
    with open(tmp_path / "leaderboard.csv", newline="") as file:
        assert {row["job"]: row["pareto"] for row in csv.DictReader(file)} == {"0": "", "1": "", "2": "yes"}


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
def test_best_yaml_composes_to_the_config_it_was_made_from(words: list[str], tmp_path: Path) -> None:
    tree = compose_config(words).tree
    tree["models"] = "odd ${name} \\ here"  # words that YAML and OmegaConf have other plans for
    leaderboard.write_best(tmp_path, tree, outcome(3, accuracy=0.5))
    again = compose_config(["experiment=best"], config_dir=str(tmp_path / "best"))
    assert again.tree == tree
    changed = compose_config(["experiment=best", "seed=77"], config_dir=str(tmp_path / "best"))
    assert changed.tree == {**tree, "seed": 77}
