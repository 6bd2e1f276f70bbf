"""How long a stage may take, and how long it may be silent; the clock is the test's own."""

from __future__ import annotations

from pathlib import Path

from factory.execution.environment import Environment
from factory.execution.stage import Limit, Stage
from factory.execution.watchdog import GRACE, Watchdog, stricter


class Asked:
    """A worker that notes what is asked of it."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def end(self, job: int) -> None:
        self.calls.append(f"end {job}")

    def abort(self) -> None:
        self.calls.append("abort")


def watchdog(limit: Limit | None) -> Watchdog:
    folder = Path("run")
    stage = Stage(Environment("torch", False, 1), "training.train", folder, folder / "log.txt", {}, limit)
    made = Watchdog(stage, silence=60)
    made.start(100)
    return made


def test_overdue_stage_is_ended_and_then_its_worker() -> None:
    watched, worker = watchdog(Limit(10, "train.timeout")), Asked()
    watched.check(1, worker, 109)
    assert (worker.calls, watched.cause) == ([], {})
    watched.check(1, worker, 110)
    watched.check(1, worker, 110 + GRACE - 1)
    assert worker.calls == ["end 1"]
    assert watched.cause == {"overdue": {"seconds": 10, "key": "train.timeout"}}
    watched.check(1, worker, 110 + GRACE)
    assert worker.calls == ["end 1", "abort"]


def test_time_begins_anew_once_the_worker_is_ready() -> None:
    watched, worker = watchdog(Limit(10, "train.timeout")), Asked()
    watched.start(105)
    watched.check(1, worker, 114)
    assert worker.calls == []


def test_silent_stage_is_named_once_a_minute() -> None:
    watched, worker = watchdog(None), Asked()
    named = {now: watched.check(1, worker, now) for now in range(100, 290, 10)}
    told = {now: event["seconds"] for now, event in named.items() if event}
    assert told == {160: 60, 220: 120, 280: 180}
    watched.note_life(285)
    assert watched.check(1, worker, 340) is None
    assert worker.calls == []


def test_stricter_limit_holds() -> None:
    own, launchers = Limit(5, "train.timeout"), Limit(9, "launcher.timeout")
    assert stricter(launchers, own) == own
    assert stricter(launchers, None) == launchers
    assert stricter(None, None) is None
