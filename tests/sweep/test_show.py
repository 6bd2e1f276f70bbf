"""What a sweep shows while it runs."""

from __future__ import annotations

import io
import threading

from factory.core.terminal import Terminal
from factory.sweep.outcome import Outcome
from factory.sweep.plan import Job
from factory.sweep.ranking import Aim
from factory.sweep.report.live import Lines, Screen, clock, display

AIM = Aim("auto", "auto")
JOBS = [Job(number, (f"seed={number}", "model=mlp"), "") for number in range(3)]
STEP = {"event": "step", "epoch": 2, "epochs": 9, "metrics": {"accuracy": 0.5}}


def console(terminal: bool) -> Terminal:
    return Terminal(file=io.StringIO(), force_terminal=terminal, width=100)


def printed(where: Terminal) -> str:
    assert isinstance(where.file, io.StringIO)
    return where.file.getvalue()


def test_live_display_without_a_terminal_prints_a_line_for_each_job() -> None:
    where = console(False)
    with display(where, JOBS, AIM) as shown:
        assert type(shown) is Lines
        shown.started(JOBS[1])
        shown.event(JOBS[1], STEP)
        shown.ended(Outcome(JOBS[1], "published", metrics={"accuracy": 0.75, "loss": 1.5}))
        shown.ended(Outcome(JOBS[2], "failed", "train: [no]"))
    assert printed(where) == (
        "[1/3] job 1 seed=1: published  accuracy 0.75  loss 1.5\n[2/3] job 2 seed=2: failed: train: [no]\n"
    )


def test_screen_shows_running_jobs_best_job_and_time_left() -> None:
    where = console(True)
    shown = Screen(where, JOBS, AIM)
    shown.started(JOBS[0])
    shown.ended(Outcome(JOBS[0], "published", metrics={"accuracy": 0.75}))
    shown.started(JOBS[1])
    shown.event(JOBS[1], STEP)
    where.print(shown.render())
    text = printed(where)
    assert "1 done, 1 running, 1 waiting, 0 failed · best job 0: accuracy 0.75 · 0:00 left" in text
    assert "job 1 seed=1: epoch 2/9  accuracy 0.5" in text


def test_screen_of_a_search_counts_towards_the_number_of_trials() -> None:
    where = console(True)
    shown = Screen(where, [], AIM, ["seed"], 20)
    shown.ended(Outcome(JOBS[0], "published", metrics={"accuracy": 0.75}))
    shown.ended(Outcome(JOBS[1], "pruned", "after epoch 2 of 9: val_accuracy 0.1"))
    where.print(shown.render())
    text = printed(where)
    assert "[2/20] job 1 seed=1: pruned: after epoch 2 of 9: val_accuracy 0.1" in text
    assert "1 done, 0 running, 18 waiting, 0 failed · 1 pruned · best job 0" in text


def test_screen_does_not_deadlock_with_many_threads() -> None:
    """Printing and refreshing take two locks, in one order only."""
    jobs = [Job(number, (f"seed={number}",), "") for number in range(200)]
    with Screen(console(True), jobs, AIM) as shown:

        def work(part: list[Job]) -> None:
            for job in part:
                shown.started(job)
                shown.live.refresh()
                shown.event(job, STEP)
                shown.ended(Outcome(job, "published", metrics={"accuracy": 0.5}))

        threads = [threading.Thread(target=work, args=(jobs[start::4],), daemon=True) for start in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=20)
        assert not any(thread.is_alive() for thread in threads)
    assert shown.done == 200


def test_time_left_is_shown_in_hours_minutes_and_seconds() -> None:
    assert [clock(seconds) for seconds in (7.4, 61, 3723)] == ["0:07", "1:01", "1:02:03"]
