"""Workers of this machine, in real processes, with stages that are none of Keras'."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from threading import Thread

import pytest

from factory.execution.environment import Environment
from factory.execution.local import LocalLauncher
from factory.execution.stage import Limit, Stage
from tests.commands import wait_until

pytestmark = pytest.mark.slow

JAX = Environment("jax", False, 1)


def training(folder: Path, limit: Limit | None = None) -> Stage:
    return Stage(JAX, "training.train", folder, folder / "log.txt", {}, limit)


def test_hung_child_is_named(tmp_path: Path) -> None:
    with LocalLauncher(silence=0.1) as launcher:
        worker = launcher.warm(JAX, ("factory.training.train",))
        worker.child.process.send_signal(signal.SIGSTOP)
        job = launcher.submit(training(tmp_path))
        event = launcher.next_event()
    assert (event["event"], event["id"], event["stage"], event["backend"]) == ("silent", job, "train", "jax")
    assert event["log"] == str(tmp_path / "log.txt")


def test_worker_that_does_not_answer_is_ended_with_its_overdue_stage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("factory.execution.watchdog.GRACE", 0.2)
    with LocalLauncher() as launcher:
        worker = launcher.warm(JAX, ())
        assert launcher.next_event()["event"] == "ready"
        worker.child.process.send_signal(signal.SIGSTOP)
        job = launcher.submit(training(tmp_path, Limit(0.2, "train.timeout")))
        event = launcher.next_event()
        assert event == {
            "event": "exit",
            "id": job,
            "code": -9,
            "backend": "jax",
            "overdue": {"seconds": 0.2, "key": "train.timeout"},
        }
        assert launcher.workers == {}


def test_idle_worker_that_is_killed_is_started_again_when_needed(tmp_path: Path) -> None:
    with LocalLauncher() as launcher:
        first = launcher.warm(JAX, ())
        assert launcher.next_event()["event"] == "ready"
        os.kill(first.child.pid, signal.SIGKILL)
        first.child.wait()
        wait_until(lambda: not launcher.queue.empty())
        job = launcher.submit(training(tmp_path))
        event = launcher.next_event()
        assert event["event"] == "gone" and event["jobs"] == [job]  # never: a stage that nobody runs is waited for
        assert launcher.workers == {}
        launcher.submit(training(tmp_path))
        assert launcher.next_event()["event"] == "ready"


def test_parent_thread_that_ends_does_not_end_its_workers() -> None:
    """The kernel's death signal is of the thread that starts a process; runners start workers from many."""
    with LocalLauncher() as launcher:
        thread = Thread(target=launcher.warm, args=(JAX, ()))
        thread.start()
        thread.join()
        assert launcher.next_event()["event"] == "ready"
        (worker,) = launcher.workers.values()
        assert worker.child.process.poll() is None
