"""Whole searches through the command line: real trials, really pruned, interrupted and gone on with."""

from __future__ import annotations

import csv
import json
import signal
from pathlib import Path

import optuna
import pytest

from tests.commands import factory, kill, processes_of, started, wait_until
from tests.sweep.test_sweeps import at, board, epochs, record, sweep
from tests.weights import same_weights

pytestmark = pytest.mark.slow

RATE = "optimizer.learning_rate=tag(log,interval(1e-4,1e-1))"
HIDDEN = "model.hidden=choice([8],[16,8])"
SMALL = ["train.backend=jax", "deploy=none"]


def study(folder: Path) -> optuna.Study:
    """As any program that knows Optuna reads it."""
    backend = optuna.storages.journal.JournalFileBackend(str(folder / "sweep" / "study.journal"))
    return optuna.load_study(study_name="search", storage=optuna.storages.JournalStorage(backend))


def chosen(folder: Path) -> list[list[str]]:
    """The two words of each trial that the study chose."""
    lines = (folder / "sweep" / "plan.jsonl").read_text().splitlines()
    return [json.loads(line)["overrides"][:2] for line in lines]


def test_interrupted_search_goes_on_to_the_same_trials_and_weights(tmp_path: Path) -> None:
    """Ctrl-C in the third of five trials, ``kill -9`` in the fourth; beside it the search that was let alone."""
    words = [RATE, HIDDEN, "search.sampler={TPESampler:{n_startup_trials:2}}", "search.trials=5", *SMALL]
    words += ["train.epochs=30", "launcher.jobs=1"]
    whole, folder = tmp_path / "whole", tmp_path / "stopped"
    assert sweep(whole, *words).code == 0
    folder.mkdir()
    with started("-m", *words, *at(folder), log=folder / "log.txt") as process:
        wait_until(lambda: epochs(folder, 2) > 2)
        assert "/numpy/" not in Path(f"/proc/{process.pid}/maps").read_text()  # Optuna and it are in a process apart
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=120) == 130
        wait_until(lambda: processes_of(process) == [])
    assert [trial.state.name for trial in study(folder).trials] == ["COMPLETE", "COMPLETE", "RUNNING"]
    with started("-m", *words, *at(folder), log=folder / "log.txt") as process:
        wait_until(lambda: epochs(folder, 3) > 2)
        kill(process)
        wait_until(lambda: processes_of(process) == [])
    assert [trial.state.name for trial in study(folder).trials] == ["COMPLETE"] * 3 + ["RUNNING"]
    done = sweep(folder, *words)
    assert done.code == 0, done.out + done.err
    assert done.out.count("kept from before") == 3
    assert chosen(folder) == chosen(whole)
    assert [trial.values for trial in study(folder).trials] == [trial.values for trial in study(whole).trials]
    for job in range(5):
        assert same_weights(folder / "sweep" / str(job), whole / "sweep" / str(job))
        assert epochs(folder, job) == 30
    more = sweep(folder, *words, "search.trials=6")
    assert more.out.count("kept from before") == 5
    assert [trial.state.name for trial in study(folder).trials] == ["COMPLETE"] * 6
    other = sweep(folder, *words, "model.dropout=0.5")
    assert other.code == 2
    assert "holds another search; give another folder or study" in other.err
    grid = sweep(folder, "seed=1,2", *SMALL)
    assert (grid.code, "holds another sweep" in grid.err) == (2, True)


def test_trial_has_the_weights_of_a_single_run_and_the_best_one_is_written_down(tmp_path: Path) -> None:
    done = sweep(tmp_path, RATE, HIDDEN, "search.trials=4", "launcher.jobs=2", *SMALL, "train.epochs=2")
    assert done.code == 0, done.out + done.err
    rows = board(tmp_path)
    best = next(row for row in rows if row["rank"] == "1")
    assert float(best["accuracy"]) == max(float(row["accuracy"]) for row in rows)
    one = rows[-1]
    words = [f"{key}={one[key]}" for key in ("optimizer.learning_rate", "model.hidden") if key in one]
    missing = [] if "model.hidden" in one else [word for word in chosen(tmp_path)[0] if "hidden" in word]
    threads = f"train.threads={record(tmp_path)['threads']}"
    single = [*words, *missing, *SMALL, threads, "train.epochs=2", f"hydra.run.dir={tmp_path}/one"]
    assert factory(*single).code == 0
    assert same_weights(Path(one["run"]), tmp_path / "one")
    again = [f"--config-dir={tmp_path}/sweep/best", "experiment=best", f"hydra.run.dir={tmp_path}/best"]
    assert factory(*again).code == 0
    assert same_weights(Path(best["run"]), tmp_path / "best")


def test_pruned_trials_end_early_and_are_not_failures(tmp_path: Path) -> None:
    """A learning rate that learns nothing, with days of epochs ahead of it."""
    words = ["optimizer.learning_rate=choice(1e-9,1e-2)", "train.epochs=choice(3,1000000)", *SMALL]
    words += ["search.sampler=BruteForceSampler", "launcher.jobs=1", "search.trials=4", "train.batch_size=256"]
    words += ["search.pruner={ThresholdPruner:{lower:0.3,upper:0.95,n_warmup_steps:2}}"]
    done = sweep(tmp_path, *words)
    assert done.code == 0, done.out + done.err
    rows = {(row["optimizer.learning_rate"], row["train.epochs"]): row for row in board(tmp_path)}
    assert len(rows) == 4
    assert {key: row["status"] for key, row in rows.items() if key[1] == "1000000"} == {
        ("1e-09", "1000000"): "pruned",
        ("0.01", "1000000"): "pruned",
    }
    hopeless = rows["1e-09", "1000000"]
    assert hopeless["error"].startswith("after epoch 2 of 1000000: val_accuracy 0.")
    summary = json.loads((Path(hopeless["run"]) / "run.json").read_text())
    assert (summary["status"], summary["error"]) == ("pruned", hopeless["error"])
    assert epochs(tmp_path, int(hopeless["job"])) < 100
    states = {trial.number: trial.state.name for trial in study(tmp_path).trials}
    assert states == {
        int(row["job"]): {"pruned": "PRUNED", "trained": "COMPLETE"}[row["status"]] for row in rows.values()
    }
    assert "pruned: ended early" in done.out
    before = board(tmp_path)
    assert sweep(tmp_path, *words).code == 0
    assert board(tmp_path) == before


def test_search_with_several_objectives_marks_the_pareto_front(tmp_path: Path) -> None:
    """Accuracy up, size of the artifact down; the space is a file in YAML."""
    conf = tmp_path / "conf" / "hydra" / "sweeper"
    conf.mkdir(parents=True)
    (conf / "sizes.yaml").write_text(
        "defaults: [search]\ntrials: 3\nsampler: BruteForceSampler\nobjectives: [accuracy, saved_model.size]\n"
        "params:\n  model.hidden: [[1], [64], [256]]\n  train.epochs: 1,3\n"
    )
    words = [f"--config-dir={tmp_path}/conf", "search=sizes", "train.epochs=3", "train.backend=tensorflow"]
    done = sweep(tmp_path, *words, "data=iris")
    assert done.code == 0, done.out + done.err
    rows = {row["model.hidden"]: row for row in board(tmp_path)}
    assert rows.keys() == {"[1]", "[64]", "[256]"}
    assert rows["[1]"]["pareto"] == "yes"  # the smallest
    best = max(rows.values(), key=lambda row: float(row["accuracy"]))
    assert next(row for row in rows.values() if row["rank"] == "1")["accuracy"] == best["accuracy"]
    unbeaten = {trial.number for trial in study(tmp_path).best_trials}
    assert {int(row["job"]) for row in rows.values() if row["pareto"]} == unbeaten
    assert "* as good as any" in done.out


def test_failed_trials_are_printed_and_the_search_goes_on(tmp_path: Path) -> None:
    words = ["optimizer.learning_rate=choice(1e-4,1e30)", "train.epochs=choice(1,0)", "data=diabetes", "optimizer=sgd"]
    done = sweep(tmp_path, *words, "search.sampler=BruteForceSampler", "search.trials=9", *SMALL)
    assert done.code == 1
    rows = board(tmp_path)
    assert sorted(row["status"] for row in rows) == ["failed", "failed", "failed", "trained"]
    assert done.out.count("train.epochs: got 0; takes an integer of at least 1") >= 2
    assert sorted(trial.state.name for trial in study(tmp_path).trials) == ["COMPLETE", "FAIL", "FAIL", "FAIL"]


def test_unknown_objective_is_refused_before_any_trial_trains(tmp_path: Path) -> None:
    done = sweep(tmp_path, RATE, "search.objectives=acuracy", *SMALL, "train.epochs=1", "launcher.jobs=1")
    assert done.code == 2
    assert done.err.startswith("search.objectives: got 'acuracy'; takes accuracy, auto, f1_score, loss, mae, r2")
    assert not (tmp_path / "sweep").exists()
    assert done.err.endswith("did you mean 'accuracy'?\n")


def test_seeds_are_one_line_with_mean_and_spread(tmp_path: Path) -> None:
    done = sweep(tmp_path, "seed=range(3)", "optimizer.learning_rate=1e-4,1e-2", *SMALL, "train.epochs=2")
    assert done.code == 0, done.out + done.err
    assert len([line for line in done.out.splitlines() if " ± " in line]) == 2
    with open(tmp_path / "sweep" / "leaderboard.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["rank"] for row in rows] == ["1"] * 3 + ["2"] * 3
    assert {row["optimizer.learning_rate"] for row in rows[:3]} == {"0.01"}
    assert float(rows[0]["accuracy_mean"]) == pytest.approx(sum(float(row["accuracy"]) for row in rows[:3]) / 3)
    assert float(rows[0]["accuracy_spread"]) > 0
