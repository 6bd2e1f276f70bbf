"""Runs recorded for TensorBoard, read back with its own reader."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.commands import Done, factory, kill, processes_of, started, wait_until
from tests.tracking.recorded import recorded

pytestmark = pytest.mark.slow

SMALL = ["model=mlp", "model.hidden=[16]", "train.backend=jax", "tracker=tensorboard"]
SUCCESS = 1  # of tensorboard/plugins/hparams/api.proto


def history(run: Path) -> list[dict[str, str]]:
    with open(run / "train" / "history.csv", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str], Done]:
    folder = tmp_path_factory.mktemp("published")
    words = [*SMALL, "train.epochs=4", f"models={folder}/models", f"hydra.run.dir={folder}/run"]
    return folder / "run", words, factory(*words, cwd=folder)


def test_curves_metrics_gate_and_hyperparameters_are_there(published: tuple[Path, list[str], Done]) -> None:
    run, _, done = published
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[-1] == "tracker: tensorboard --logdir outputs"
    found = recorded("tensorboard", str(run / "tensorboard"))
    losses = [[int(row["epoch"]), pytest.approx(float(row["val_loss"]), rel=1e-6)] for row in history(run)]
    assert found["scalars"]["val_loss"] == losses
    summary = json.loads((run / "run.json").read_text())
    accuracy = summary["train"]["metrics"]["accuracy"]
    assert found["scalars"]["final/accuracy"] == [[4, pytest.approx(accuracy, rel=1e-6)]]
    assert found["scalars"]["saved_model/passed"] == [[4, 1.0]]
    (gate,) = found["texts"]["gate/text_summary"]
    assert gate.splitlines()[2].startswith("| saved_model | tensorflow | passed | ")
    assert (found["params"]["train.epochs"], found["params"]["model.hidden"]) == (4, "[16]")
    assert found["status"] == SUCCESS


def test_the_same_command_again_records_nothing_twice(published: tuple[Path, list[str], Done]) -> None:
    run, words, _ = published
    before = recorded("tensorboard", str(run / "tensorboard"))
    assert factory(*words).code == 0
    assert recorded("tensorboard", str(run / "tensorboard")) == before


def test_a_run_that_was_killed_and_resumed_has_each_epoch_once(tmp_path: Path) -> None:
    words = [*SMALL, "train.epochs=300", "deploy=none", f"hydra.run.dir={tmp_path}/run"]
    with started(*words, log=tmp_path / "log.txt") as process:
        wait_until(lambda: (tmp_path / "run" / "train" / "history.csv").exists() and len(history(tmp_path / "run")) > 5)
        kill(process)
        wait_until(lambda: processes_of(process) == [])
    assert len(history(tmp_path / "run")) < 300
    done = factory(*words)
    assert (done.code, done.err) == (0, "")
    found = recorded("tensorboard", str(tmp_path / "run" / "tensorboard"))
    assert [step for step, _ in found["scalars"]["val_loss"]] == list(range(1, 301))


def test_jobs_of_a_sweep_lie_inside_it(tmp_path: Path) -> None:
    sweep = tmp_path / "sweep"
    done = factory("-m", *SMALL, "model.hidden=[8],[16]", "deploy=none", "train.epochs=2", f"hydra.sweep.dir={sweep}")
    assert (done.code, done.err) == (0, "")
    assert recorded("tensorboard", str(sweep / "tensorboard"))["scalars"]["done"] == [[0, 2.0]]
    for job in ("0", "1"):
        found = recorded("tensorboard", str(sweep / job / "tensorboard"))
        assert [step for step, _ in found["scalars"]["loss"]] == [1, 2]
