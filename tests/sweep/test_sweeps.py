"""Whole sweeps through the command line: in real processes, on real data, killed in every way."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.commands import Done, factory, kill, processes_of, started, wait_until
from tests.weights import same_weights

pytestmark = pytest.mark.slow

SHARED = ["model.hidden=[16],[32]", "train.backend=torch,jax", "deploy=serving,edge", "train.epochs=2"]
LONG = ["model.hidden=[16],[32]", "model.dropout=0.3", "train.backend=jax", "deploy=none", "train.epochs=250"]


def at(folder: Path) -> list[str]:
    """Overrides that keep a sweep in a test's folder; the last word marks its processes."""
    return [f"models={folder}/models", f"hydra.sweep.dir={folder}/sweep"]


def sweep(folder: Path, *words: str) -> Done:
    return factory("-m", *words, *at(folder))


def board(folder: Path) -> list[dict[str, str]]:
    with open(folder / "sweep" / "leaderboard.csv", newline="") as file:
        return sorted(csv.DictReader(file), key=lambda row: int(row["job"]))


def record(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "sweep" / "sweep.json").read_text()))


def written(folder: Path) -> dict[str, int]:
    """When each report of a sweep was written."""
    return {str(path): path.stat().st_mtime_ns for path in (folder / "sweep").glob("*/**/*.json")}


def epochs(folder: Path, job: int) -> int:
    history = folder / "sweep" / str(job) / "train" / "history.csv"
    return len(history.read_text().splitlines()) - 1 if history.exists() else 0


def parent_of(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def workers_and_jobs(command: subprocess.Popen[bytes]) -> tuple[list[int], list[int]]:
    """Process ids of a running sweep's workers, and of the jobs forked from them."""
    parents = {process: parent_of(process) for process in processes_of(command) if process != command.pid}
    workers = [process for process, parent in parents.items() if parent == command.pid]
    return workers, [process for process, parent in parents.items() if parent in workers]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Done]:
    """Eight jobs on two backends that share four trainings."""
    folder = tmp_path_factory.mktemp("shared")
    return folder, sweep(folder, *SHARED)


def test_sweep_over_backends_trains_each_job_on_its_own(shared: tuple[Path, Done]) -> None:
    folder, done = shared
    assert done.code == 0, done.err + done.out
    rows = board(folder)
    assert [row["status"] for row in rows] == ["published"] * 8
    for row in rows:
        report = json.loads((Path(row["run"]) / "train" / "report.json").read_text())
        assert report["backend"] == row["train.backend"]
    accuracies = [float(row["accuracy"]) for row in sorted(rows, key=lambda row: int(row["rank"]))]
    assert accuracies == sorted(accuracies, reverse=True)


def test_jobs_that_differ_in_deployment_share_one_training(shared: tuple[Path, Done]) -> None:
    folder, done = shared
    assert "4 trainings served 8 jobs" in done.out
    for own, other in ((0, 1), (2, 3), (4, 5), (6, 7)):
        first, second = (folder / "sweep" / str(job) for job in (own, other))
        assert (first / "train" / "model.keras").samefile(second / "train" / "model.keras")
        assert json.loads((second / "run.json").read_text())["training_of"] == str(first)
        assert board(folder)[other]["training_of"] == str(first)


def test_servers_get_the_best_training_alone_in_each_of_its_formats(shared: tuple[Path, Done]) -> None:
    folder, done = shared
    best = next(row for row in board(folder) if row["rank"] == "1")
    digest = json.loads((Path(best["run"]) / "train" / "report.json").read_text())["sha256"]["model.keras"]
    for target in ("saved_model", "litert"):
        versions = folder / "models" / target / "mlp-digits"
        assert [version.name for version in versions.iterdir()] == ["1"]
        assert json.loads((versions / "1" / "factory.json").read_text())["model_sha256"] == digest
        assert f"{target}: {versions}/1" in done.out
        assert len(list((folder / "sweep" / "models" / target / "mlp-digits").iterdir())) == 4


def test_best_reproduces_the_best_job_bit_for_bit(shared: tuple[Path, Done], tmp_path: Path) -> None:
    folder, _ = shared
    best = next(row for row in board(folder) if row["rank"] == "1")
    words = [
        f"--config-dir={folder}/sweep/best",
        "experiment=best",
        f"models={tmp_path}",
        f"hydra.run.dir={tmp_path}/r",
    ]
    done = factory(*words)
    assert done.code == 0, done.err
    assert same_weights(Path(best["run"]), tmp_path / "r")


def test_single_run_with_as_many_threads_has_the_same_weights(shared: tuple[Path, Done], tmp_path: Path) -> None:
    folder, _ = shared
    best = next(row for row in board(folder) if row["rank"] == "1")
    other = next(row for row in board(folder) if row["train.backend"] != best["train.backend"])
    words = [f"model.hidden={other['model.hidden']}", f"train.backend={other['train.backend']}", "train.epochs=2"]
    threads = f"train.threads={record(folder)['threads']}"
    assert factory(*words, threads, "deploy=none", f"hydra.run.dir={tmp_path}/run").code == 0
    assert same_weights(Path(other["run"]), tmp_path / "run")


def test_same_sweep_command_again_keeps_valid_runs_and_repeats_damaged_ones(shared: tuple[Path, Done]) -> None:
    folder, _ = shared
    before = written(folder)
    again = sweep(folder, *SHARED)
    assert again.code == 0
    assert again.out.count("kept from before") == 8
    assert written(folder) == before
    assert [version.name for version in (folder / "models" / "litert" / "mlp-digits").iterdir()] == ["1"]
    artifact = next((folder / "sweep" / "5" / "deploy" / "litert" / "artifact").iterdir())
    artifact.write_bytes(b"spoiled")
    mended = sweep(folder, *SHARED)
    assert mended.code == 0
    assert mended.out.count("kept from before") == 7
    changed = {path for path, when in written(folder).items() if before.get(path) != when}
    versions = f"{folder}/sweep/models/"  # the spoiled version shared the artifact's bytes: a new one is published
    assert any(path.startswith(f"{versions}litert/mlp-digits/9/") for path in changed)
    others = [path for path in changed if not path.startswith(versions) and not path.endswith("/release.json")]
    assert others and all(path.startswith(f"{folder}/sweep/5/") and "/train/" not in path for path in others)
    other = sweep(folder, *SHARED[:-1], "train.epochs=3")
    assert other.code == 2
    assert other.err == f"hydra.sweep.dir: {folder}/sweep holds another sweep; give another folder\n"


def test_failed_jobs_are_printed_and_do_not_stop_the_sweep(tmp_path: Path) -> None:
    """A config that is refused, a loss that diverges, a job that hangs, and one that is sound."""
    words = ["data=diabetes", "optimizer=sgd", "train.backend=jax", "deploy=none", "launcher.timeout=25"]
    words += ["optimizer.learning_rate=1e-4,1e30", "train.epochs=1,0,1000000"]
    done = sweep(tmp_path, *words)
    assert done.code == 1
    rows = board(tmp_path)
    assert [row["status"] for row in rows] == ["trained", *["failed"] * 5]
    assert rows[1]["error"] == "train.epochs: got 0; takes an integer of at least 1"
    assert rows[2]["error"] == "launcher.timeout: training took longer than 25 s and was ended"
    assert rows[3]["error"].startswith("train: the loss is ")
    assert all(row["error"] in done.out for row in rows)
    assert record(tmp_path)["status"] == "done"
    stopped = tmp_path / "stopped"
    words = [*words[:-2], "optimizer.learning_rate=1e30,1e-4", "launcher.fail_fast=true", "launcher.jobs=1"]
    assert sweep(stopped, *words).code == 1
    assert [row["status"] for row in board(stopped)] == ["failed"]
    assert record(stopped)["status"] == "stopped"


def test_sweep_resumes_after_killed_workers_jobs_and_parents(tmp_path: Path) -> None:
    """One sweep: its worker is killed, then a job, then (the command given again) the parent, then Ctrl-C."""
    whole = tmp_path / "whole"
    assert sweep(whole, *LONG).code == 0
    folder = tmp_path / "killed"
    folder.mkdir()
    words = ["-m", *LONG, *at(folder)]

    with started(*words, log=folder / "log.txt") as process:
        wait_until(lambda: min(epochs(folder, 0), epochs(folder, 1)) > 5)
        (worker,), _ = workers_and_jobs(process)
        os.kill(worker, signal.SIGKILL)
        reached = epochs(folder, 0)
        wait_until(lambda: epochs(folder, 0) > reached + 5)  # on another worker
        (other,), jobs = workers_and_jobs(process)
        assert other != worker
        os.kill(jobs[0], signal.SIGKILL)
        assert process.wait(timeout=120) == 1
    rows = board(folder)
    assert sorted(row["status"] for row in rows) == ["failed", "trained"]
    assert "training: the process was killed by SIGKILL" in (folder / "log.txt").read_text()
    sound = next(row for row in rows if row["status"] == "trained")
    assert same_weights(Path(sound["run"]), whole / "sweep" / sound["job"])

    failed = int(next(row["job"] for row in rows if row["status"] == "failed"))
    with started(*words, log=folder / "log.txt") as process:
        reached = epochs(folder, failed)
        wait_until(lambda: epochs(folder, failed) > reached + 5)
        kill(process)
        wait_until(lambda: processes_of(process) == [])
    reached = epochs(folder, failed)
    assert reached < 250
    with started(*words, log=folder / "log.txt") as process:
        wait_until(lambda: epochs(folder, failed) > reached + 5)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=120) == 130
        wait_until(lambda: processes_of(process) == [])
    assert record(folder)["status"] == "interrupted"

    done = factory(*words)
    assert done.code == 0, done.out + done.err
    assert done.out.count("kept from before") == 1
    for job in ("0", "1"):
        assert same_weights(folder / "sweep" / job, whole / "sweep" / job)
        with open(folder / "sweep" / job / "train" / "history.csv", newline="") as file:
            assert [row["epoch"] for row in csv.DictReader(file)] == [str(epoch) for epoch in range(1, 251)]
