"""One training over several devices, which are parts of this machine's processor: the same curve as on one."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from factory.core.backends import BACKENDS
from tests.commands import factory, frameworks_in, kill_in_training, processes_of, started, wait_until
from tests.pipeline.test_runs import at, report, summary
from tests.weights import same_weights

pytestmark = pytest.mark.slow

RANDOM = ("model=mlp", "model.dropout=0.3", "model.normalization=batch")
LONG = {
    "torch": ("model=augmented", "data=digits_image", "train.epochs=6", "train.batch_size=64"),
    "jax": (*RANDOM, "train.epochs=300"),
    "tensorflow": (*RANDOM, "train.epochs=12"),
}
"""Seconds of training that draws random numbers; augmentation is slow on parts of a processor but under torch."""


def history(folder: Path) -> list[dict[str, float]]:
    with open(folder / "run" / "train" / "history.csv", newline="") as file:
        return [{k: float(v) for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]


def architecture(folder: Path) -> dict[str, Any]:
    """What model.keras says of the model and of what it was compiled with."""
    with zipfile.ZipFile(folder / "run" / "train" / "model.keras") as archive:
        text = archive.read("config.json").decode()
    return dict(json.loads(re.sub(r'"shared_object_id": \d+', '"shared_object_id": 0', text)))  # an address in memory


def arrays(folder: Path, part: str) -> dict[str, np.ndarray]:
    with np.load(folder / "run" / "train" / "reference.npz") as saved:
        return {name: saved[name] for name in saved.files if name.startswith(part)}


@pytest.mark.parametrize("backend", BACKENDS)
def test_several_devices_learn_and_hand_off_what_one_does(backend: str, tmp_path: Path) -> None:
    """Three devices divide 30 rows evenly, and the last batch of 28 as 10, 10, 8; all that looks at a batch is here."""
    words = ["model=mlp", "model.normalization=batch", "optimizer.clipnorm=0.5", "train.class_weight=balanced"]
    words += ["train.metrics=[accuracy,{F1Score: {}}]", "train.batch_size=30", "train.epochs=2", "train.device=cpu"]
    one, three = tmp_path / "one", tmp_path / "three"
    for folder, devices in ((one, "null"), (three, "3")):
        folder.mkdir()
        done = factory(*words, f"train.backend={backend}", f"train.devices={devices}", "deploy=none", *at(folder))
        assert done.code == 0, done.err
    assert f"train on {backend}, 3 devices: " in done.out
    assert report(three, "train")["devices"] == 3
    for ours, theirs in zip(history(three), history(one), strict=True):
        assert ours == pytest.approx(theirs, rel=1e-5)
    assert report(three, "train")["metrics"] == pytest.approx(report(one, "train")["metrics"], rel=1e-5)
    assert architecture(three) == architecture(one)
    for part in ("inputs", "targets"):
        assert all(np.array_equal(a, arrays(one, part)[name]) for name, a in arrays(three, part).items())
    for name, found in arrays(three, "outputs").items():
        np.testing.assert_allclose(found, arrays(one, "outputs")[name], atol=1e-5)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_killed_run_goes_on_to_the_same_weights_on_as_many_devices(backend: str, tmp_path: Path) -> None:
    words = [*LONG[backend], f"train.backend={backend}", "train.device=cpu", "train.devices=2", "deploy=none"]
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for folder in (whole, killed):
        folder.mkdir()
    assert factory(*words, *at(whole)).code == 0
    kill_in_training(*words, *at(killed), run=killed / "run", rows=2)
    resumed = factory(*words, *at(killed))
    assert resumed.code == 0, resumed.err
    assert "going on after epoch" in resumed.out
    assert same_weights(whole / "run", killed / "run")


def test_a_device_whose_process_is_killed_is_one_line_and_leaves_no_process(tmp_path: Path) -> None:
    words = ["train.devices=3", "train.batch_size=30", "train.epochs=10000", "train.device=cpu", "deploy=none"]
    table = tmp_path / "run" / "train" / "history.csv"
    with started(*words, *at(tmp_path), log=tmp_path / "log.txt") as process:
        wait_until(table.exists)
        ranks = [p for p in processes_of(process) if parent_of(p) not in (process.pid, os.getpid())]
        others = [p for p in ranks if parent_of(p) in ranks]  # the first device's is the job itself
        assert len(others) == 2
        assert all(frameworks_in(p) == {"torch"} for p in ranks)
        os.kill(max(others), signal.SIGKILL)
        assert process.wait(timeout=120) == 3
        wait_until(lambda: processes_of(process) == [])
    assert "train.devices: device 2: its process was killed by SIGKILL" in (tmp_path / "log.txt").read_text()
    assert summary(tmp_path)["status"] == "failed"


def parent_of(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def test_all_devices_stop_together(tmp_path: Path) -> None:
    """A loss that falls never gets better: the first epoch is the best and the third the last."""
    words = ["train.devices=2", "train.epochs=50", "train.device=cpu", "deploy=none", "train.callbacks=["]
    words[-1] += "{EarlyStopping: {monitor: loss, mode: max, patience: 2, restore_best_weights: true}}]"
    done = factory(*words, *at(tmp_path), timeout=120)
    assert done.code == 0, done.err
    assert report(tmp_path, "train")["epochs"] == 3


def test_a_training_that_diverges_on_several_devices_is_exit_code_3(tmp_path: Path) -> None:
    words = ["data=diabetes", "optimizer=sgd", "optimizer.learning_rate=1e30", "train.callbacks=[TerminateOnNaN]"]
    done = factory(*words, "train.devices=2", "train.device=cpu", *at(tmp_path), timeout=120)
    assert done.code == 3
    assert done.err.startswith("train: the loss is ")
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize("backend", ["torch", "tensorflow"])
def test_a_last_batch_that_leaves_a_device_idle_is_refused(backend: str, tmp_path: Path) -> None:
    words = [f"train.backend={backend}", "train.devices=3", "train.batch_size=1437", "train.device=cpu"]
    done = factory(*words, *at(tmp_path))
    assert done.code == 2
    assert done.err == (
        "train.batch_size: got 1437; takes one that leaves each of 3 devices a part of the last batch, "
        "which has 1 row\n"
    )
    assert not (tmp_path / "run").exists()
