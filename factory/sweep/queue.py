"""PARENT: Which job may start now: one of each training first, those that share it once it is there."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Iterable

from factory.sweep.plan import Job


class Waiting:
    """Jobs that have not started, handed out in the order of the sweep; safe to use from several threads.

    Args:
        jobs: to be run.
        share: whether jobs with the same training wait for the first of them.
    """

    def __init__(self, jobs: Iterable[Job], share: bool) -> None:
        self.ready: list[tuple[int, Job]] = []
        self.held: dict[str, list[Job]] = {}
        self.open, self.stopped = 0, False
        self.changed = threading.Condition()
        for job in jobs:
            self.open += 1
            if share and job.train_key in self.held:
                self.held[job.train_key].append(job)
            else:
                self.held.setdefault(job.train_key, [])
                self.ready.append((job.number, job))
        heapq.heapify(self.ready)

    def take(self) -> Job | None:
        """The next job, once there is one that may start; None when there will be none any more."""
        with self.changed:
            while self.open and not self.stopped and not self.ready:
                self.changed.wait()
            if self.stopped or not self.open:
                return None
            return heapq.heappop(self.ready)[1]

    def trained(self, key: str) -> None:
        """A training is done: those that share it may start."""
        with self.changed:
            for job in self.held.pop(key, []):
                heapq.heappush(self.ready, (job.number, job))
            self.changed.notify_all()

    def untrained(self, key: str) -> list[Job]:
        """A training failed: the jobs that waited for it, which will not start."""
        with self.changed:
            given_up = self.held.pop(key, [])
            self.open -= len(given_up)
            self.changed.notify_all()
            return given_up

    def ended(self) -> None:
        """A job that was taken has ended."""
        with self.changed:
            self.open -= 1
            self.changed.notify_all()

    def stop(self) -> None:
        with self.changed:
            self.stopped = True
            self.changed.notify_all()
