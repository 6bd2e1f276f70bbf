"""PARENT: the live display of a sweep: running jobs and progress on a terminal, a line for each job anywhere else."""

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
    """A display that prints a line when a job ends; a context manager.

    Args:
        console: where it prints.
        jobs: of the sweep; empty for a search.
        aim: the metric that jobs are ranked by.
        keys: keys of the overrides in which jobs differ; by default those of ``jobs``.
        total: number of jobs in all; by default those of ``jobs`` that are to be run.
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
        self.told: set[str] = set()
        self.best: Outcome | None = None
        self.began = time.monotonic()
        self.lock = threading.Lock()

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def started(self, job: Job) -> None:
        """Note that a job has started."""
        with self.lock:
            self.running[job.number] = (job, "waiting for its worker")

    def event(self, job: Job, event: Mapping[str, Any]) -> None:
        """Note what a job does now."""
        words = doing(event)
        with self.lock:
            news = event["event"] == "warning" and event["text"] not in self.told
            self.told |= {event["text"]} if news else set()
            if words and job.number in self.running:
                self.running[job.number] = (job, words)
        if news:  # once for all jobs, most of which share their data
            self.console.say(f"warning: {label(job, self.keys)}: {event['text']}")

    def ended(self, outcome: Outcome) -> None:
        """Count an outcome and print its line, unless the user interrupted the job."""
        with self.lock:
            self.running.pop(outcome.job.number, None)
            if outcome.status == "interrupted":
                return
            self.count(outcome)
            line = f"[{self.over}/{self.total}] {label(outcome.job, self.keys)}: {ending(outcome)}"
        # after the lock is released: printing waits for a refresh of the screen, which waits for the lock
        self.console.say(line)

    @property
    def over(self) -> int:
        """Return the number of jobs that ended."""
        return self.done + self.failed + self.pruned

    def count(self, outcome: Outcome) -> None:
        """Count an outcome, and keep it where it is the best so far."""
        self.done += outcome.good
        self.failed += outcome.failed
        self.pruned += outcome.status == "pruned"
        self.kept += outcome.kept
        better = self.best is None or self.aim.loss(outcome.facts) < self.aim.loss(self.best.facts)
        if outcome.good and outcome.metrics and better:
            self.best = outcome


class Screen(Lines):
    """A display that prints the same lines, and below them the running jobs and the progress."""

    def __enter__(self) -> Screen:
        self.live = Live(get_renderable=self.render, console=self.console, refresh_per_second=4, transient=True)
        self.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.live.stop()

    def render(self) -> Group:
        """Return the part of the screen that is refreshed: the headline and a line for each running job."""
        with self.lock:
            running = [f"  {label(job, self.keys)}: {words}" for job, words in self.running.values()]
            return Group(text(self.headline(), "bold"), *(text(line, no_wrap=True) for line in running))

    def headline(self) -> str:
        """Return one line of counts, the best job and the time left."""
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
    """Return the display that fits a console; see `Lines` for the arguments."""
    return (Screen if console.is_terminal else Lines)(console, jobs, aim, keys, total)


def doing(event: Mapping[str, Any]) -> str | None:
    """Return what a job does now, in a few words; None for an event that does not change it."""
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
    """Return status and metrics of a job that ended, or its error."""
    if not outcome.good:
        return f"{outcome.status}: {outcome.error}"
    words = [outcome.status, figures(outcome.metrics)]
    words += ["kept from before"] if outcome.kept else []
    return "  ".join(words)


def clock(seconds: float) -> str:
    """Return a time such as ``1:02:03`` or ``2:03``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
