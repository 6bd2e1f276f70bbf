"""PARENT: the queue of a sweep's jobs: one job of each training starts first, those that share it once it is done."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Iterable

from factory.sweep.plan import Job


class JobQueue:
    """A thread-safe queue of jobs that have not started, handed out in the order of the sweep.

    Args:
        jobs: the jobs to run.
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
        """Wait for the next job that may start and return it; None when no job will come any more."""
        with self.changed:
            while self.open and not self.stopped and not self.ready:
                self.changed.wait()
            if self.stopped or not self.open:
                return None
            return heapq.heappop(self.ready)[1]

    def trained(self, key: str) -> None:
        """Release the jobs that wait for this training, which is done."""
        with self.changed:
            for job in self.held.pop(key, []):
                heapq.heappush(self.ready, (job.number, job))
            self.changed.notify_all()

    def untrained(self, key: str) -> list[Job]:
        """Remove the jobs that wait for this training, which failed, and return them."""
        with self.changed:
            given_up = self.held.pop(key, [])
            self.open -= len(given_up)
            self.changed.notify_all()
            return given_up

    def ended(self) -> None:
        """Note that a job that was taken has ended."""
        with self.changed:
            self.open -= 1
            self.changed.notify_all()

    def stop(self) -> None:
        """Hand out no more jobs, and wake all threads that wait for one."""
        with self.changed:
            self.stopped = True
            self.changed.notify_all()
