"""PARENT: The run queue: one pipeline's share of the pool, and its stage requests."""

from __future__ import annotations

import queue
from dataclasses import dataclass
from typing import Any, Protocol

from factory.execution.cluster import Cluster, Events, Slot, Worker
from factory.execution.environment import Environment
from factory.execution.stage import Stage
from factory.execution.watchdog import Watchdog


@dataclass
class StageRequest:
    """One requested stage, from the request to its end.

    Args:
        run_queue: the queue of the run that requested it.
        environment: environment of the worker that runs it.
        message: the request as the worker takes it, with its ``id``.
        watchdog: watchdog over the time it takes, once it runs.
        slot: the slot it runs in, while it runs.
        worker: the worker that runs it, while it runs.
        tries: how often it was started.
    """

    run_queue: RunQueue
    environment: Environment
    message: dict[str, Any]
    watchdog: Watchdog
    slot: Slot | None = None
    worker: Worker | None = None
    tries: int = 0


class Shared(Protocol):
    """The part of a pool's interface that a run queue uses; see `pool.Pool`."""

    cluster: Cluster

    def warm(self, environment: Environment) -> None:
        """Start a worker of this environment on every node that has slots."""

    def submit(self, run_queue: RunQueue, stage: Stage) -> int:
        """Add a stage request and return its number."""

    def end(self, run_queue: RunQueue) -> None:
        """Close a run queue and end the stages that it still has running."""


class RunQueue:
    """A pipeline's launcher on the shared pool; it receives the events of its own stages only."""

    def __init__(self, pool: Shared) -> None:
        self.pool = pool
        self.events: Events = queue.Queue()

    @property
    def gpu(self) -> bool | None:
        """Whether stages find a GPU where they run; None where that depends on this machine."""
        return self.pool.cluster.gpu

    def warm(self, environment: Environment, preload: tuple[str, ...]) -> None:
        """Start a worker of this environment on every node that has slots; the pool knows what to preload."""
        self.pool.warm(environment)

    def submit(self, stage: Stage) -> int:
        """Request a stage; return the number of the job, which its events carry as ``id``."""
        return self.pool.submit(self, stage)

    def next_event(self) -> dict[str, Any]:
        """Wait for the next event of this queue's stages.

        Raises:
            KeyboardInterrupt: the pool was stopped: for a pipeline it is as if Ctrl-C had been pressed in it.
        """
        event = self.events.get()
        if event["event"] == "stopped":
            raise KeyboardInterrupt
        return event

    def kill(self) -> None:
        """End the stages of this queue that still run."""
        self.pool.end(self)
