"""PARENT: A sweep while it runs: on a terminal what runs now and how far all has come, a line a job anywhere else."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group
from rich.live import Live

from factory.core.terminal import Terminal, text
from factory.report.live import figures
from factory.sweep.labels import label, varied
from factory.sweep.outcome import Outcome
from factory.sweep.plan import Job
from factory.sweep.ranking import Aim


class Lines:
    """A line when a job ends; enter it as a context manager.

    Args:
        console: where to.
        jobs: of the sweep.
        aim: what is best.
        keys: in which jobs differ, where there are no jobs yet.
        total: how many there will be.
    """

    def __init__(
        self,
        console: Terminal,
        jobs: Sequence[Job],
        aim: Aim,
        keys: Sequence[str] | None = None,
        total: int | None = None,
    ) -> None:
        self.console, self.aim, self.keys = console, aim, keys or varied(jobs)
        self.total = total or len([job for job in jobs if job.same_as is None])
        self.done = self.failed = self.pruned = self.kept = 0
        self.running: dict[int, tuple[Job, str]] = {}
        self.best: Outcome | None = None
        self.began = time.monotonic()
        self.lock = threading.Lock()

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def started(self, job: Job) -> None:
        with self.lock:
            self.running[job.number] = (job, "waiting for its worker")

    def event(self, job: Job, event: Mapping[str, Any]) -> None:
        words = doing(event)
        with self.lock:
            if words and job.number in self.running:
                self.running[job.number] = (job, words)

    def ended(self, outcome: Outcome) -> None:
        with self.lock:
            self.running.pop(outcome.job.number, None)
            if outcome.status == "interrupted":
                return
            self.count(outcome)
            line = f"[{self.over}/{self.total}] {label(outcome.job, self.keys)}: {ending(outcome)}"
        # after the lock: printing waits for a refresh of the screen, and that one waits for the lock
        self.console.say(line)

    @property
    def over(self) -> int:
        return self.done + self.failed + self.pruned

    def count(self, outcome: Outcome) -> None:
        self.done += outcome.good
        self.failed += outcome.failed
        self.pruned += outcome.status == "pruned"
        self.kept += outcome.kept
        better = self.best is None or self.aim.loss(outcome.facts) < self.aim.loss(self.best.facts)
        if outcome.good and outcome.metrics and better:
            self.best = outcome


class Screen(Lines):
    """The same lines, and below them what is going on."""

    def __enter__(self) -> Screen:
        self.live = Live(get_renderable=self.render, console=self.console, refresh_per_second=4, transient=True)
        self.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.live.stop()

    def render(self) -> Group:
        with self.lock:
            running = [f"  {label(job, self.keys)}: {words}" for job, words in self.running.values()]
            return Group(text(self.headline(), "bold"), *(text(line, no_wrap=True) for line in running))

    def headline(self) -> str:
        ended = self.over
        waiting = self.total - ended - len(self.running)
        parts = [f"{self.done} done, {len(self.running)} running, {waiting} waiting, {self.failed} failed"]
        parts += [f"{self.pruned} pruned"] if self.pruned else []
        if self.best:
            parts.append(f"best job {self.best.job.number}: {figures(self.best.metrics)}")
        if ended > self.kept:
            left = (time.monotonic() - self.began) / (ended - self.kept) * (self.total - ended)
            parts.append(f"{clock(left)} left")
        return " · ".join(parts)


def display(
    console: Terminal, jobs: Sequence[Job], aim: Aim, keys: Sequence[str] | None = None, total: int | None = None
) -> Lines:
    return (Screen if console.is_terminal else Lines)(console, jobs, aim, keys, total)


def doing(event: Mapping[str, Any]) -> str | None:
    """What a job does now, in a few words; None where an event changes nothing."""
    match event["event"]:
        case "built":
            return f"train on {event['backend']}"
        case "step" | "epoch":
            return f"epoch {event['epoch']}/{event['epochs']}  {figures(event['metrics'])}"
        case "trained":
            return "trained"
        case "exporting":
            return f"exporting {event['target']}"
        case "silent":
            return f"{event['stage']} on {event['backend']}: nothing heard for {event['seconds']} s"
    return None


def ending(outcome: Outcome) -> str:
    if not outcome.good:
        return f"{outcome.status}: {outcome.error}"
    words = [outcome.status, figures(outcome.metrics)]
    words += ["kept from before"] if outcome.kept else []
    return "  ".join(words)


def clock(seconds: float) -> str:
    """``1:02:03`` or ``2:03``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
