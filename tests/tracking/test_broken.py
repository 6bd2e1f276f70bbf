"""A tracker that is broken, in whatever way, is one line and costs no run."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from tests.commands import Done, factory, kill, processes_of, started, wait_until
from tests.tracking.server import deaf_server, free_port

pytestmark = pytest.mark.slow

RUN = ["model=mlp", "train.backend=jax", "train.epochs=2", "deploy=none", "tracker=mlflow"]
NOTHING_LOST = "; not recorded there; the run is not affected\n"


def run(folder: Path, *words: str) -> Done:
    done = factory(*RUN, *words, f"hydra.run.dir={folder}/run", cwd=folder, timeout=120)
    assert done.code == 0, done.err
    assert json.loads((folder / "run" / "run.json").read_text())["status"] == "trained"
    return done


def test_a_server_that_is_down(tmp_path: Path) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    done = run(tmp_path, f"tracker.uri={address}")
    assert done.err == f"tracker: mlflow: {address}: [Errno 111] Connection refused{NOTHING_LOST}"


def test_a_server_that_never_answers(tmp_path: Path) -> None:
    with deaf_server() as address:
        done = run(tmp_path, f"tracker.uri={address}", "tracker.patience=3")
    assert done.err == f"tracker: mlflow: said nothing for 3 s and was ended{NOTHING_LOST}"


def test_a_store_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "in_the_way").write_text("")
    done = run(tmp_path, f"tracker.uri=sqlite:///{tmp_path}/in_the_way/mlflow.db")
    assert done.err.startswith(f"tracker: mlflow: sqlite:///{tmp_path}/in_the_way/mlflow.db: [Errno ")
    assert done.err.count("\n") == 1


def test_a_file_that_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("no database " * 1000)
    done = run(tmp_path, f"tracker.uri=sqlite:///{tmp_path}/mlflow.db")
    assert done.err == f"tracker: mlflow: sqlite:///{tmp_path}/mlflow.db: file is not a database{NOTHING_LOST}"


def test_an_address_that_is_none(tmp_path: Path) -> None:
    done = run(tmp_path, "tracker.uri=htp://nowhere")
    assert done.err.startswith("tracker: mlflow: htp://nowhere: ")
    assert done.err.count("\n") == 1


def test_a_tracker_that_is_killed(tmp_path: Path) -> None:
    words = [*RUN, "train.epochs=300", f"hydra.run.dir={tmp_path}/run"]
    words.insert(0, f"tracker.uri=sqlite:///{tmp_path}/mlflow.db")
    with started(*words, log=tmp_path / "log.txt") as process:
        wait_until((tmp_path / "run" / "tracker.json").exists)
        (tracker,) = (number for number in processes_of(process) if is_tracker(number))
        os.kill(tracker, signal.SIGKILL)
        assert process.wait(timeout=120) == 0
        assert processes_of(process) == []
    said = (tmp_path / "log.txt").read_text().splitlines()
    (line,) = (line for line in said if line.startswith("tracker: "))
    assert line.startswith("tracker: mlflow: its process was killed by SIGKILL: ")
    assert line.endswith(NOTHING_LOST.strip())


def test_a_killed_command_leaves_no_tracker_that_hangs(tmp_path: Path) -> None:
    words = [*RUN, "train.epochs=100000", f"hydra.run.dir={tmp_path}/run"]
    with deaf_server() as address:
        with started(f"tracker.uri={address}", *words, log=tmp_path / "log.txt") as process:
            wait_until((tmp_path / "run" / "train" / "history.csv").exists)
            assert any(is_tracker(number) for number in processes_of(process))
            kill(process)
            wait_until(lambda: processes_of(process) == [])


def is_tracker(process: int) -> bool:
    return b"factory.tracking" in Path(f"/proc/{process}/cmdline").read_bytes()
