"""PARENT: a pipeline's share of the pool, and the stages it has asked for."""

from __future__ import annotations

import queue
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from factory.execution.cluster import Cluster, Events, Slot, Worker
from factory.execution.environment import Environment
from factory.execution.watchdog import Limit, Vigil


@dataclass
class StageRequest:
    """One stage that was asked for.

    Args:
        run_queue: who asked.
        environment: where it runs.
        message: as the worker takes it; holds the request's ``id``.
        vigil: over the time it takes, once it runs.
        slot: where it runs, while it runs.
        worker: that runs it.
        tries: how often it was started.
    """

    run_queue: RunQueue
    environment: Environment
    message: dict[str, Any]
    vigil: Vigil
    slot: Slot | None = None
    worker: Worker | None = None
    tries: int = 0


class Shared(Protocol):
    """What a queue asks of the pool it is part of."""

    cluster: Cluster

    def warm(self, environment: Environment) -> None: ...

    def submit(
        self, run_queue: RunQueue, environment: Environment, message: Mapping[str, Any], limit: Limit | None
    ) -> int: ...

    def end(self, run_queue: RunQueue) -> None: ...


class RunQueue:
    """A pipeline's own launcher, on the shared pool: it sees the events of its own stages only."""

    def __init__(self, pool: Shared) -> None:
        self.pool = pool
        self.events: Events = queue.Queue()

    @property
    def gpu(self) -> bool | None:
        return self.pool.cluster.gpu

    def warm(self, environment: Environment, preload: tuple[str, ...]) -> None:
        self.pool.warm(environment)

    def submit(
        self,
        environment: Environment,
        stage: str,
        run: Path,
        log: Path,
        arguments: Mapping[str, Any],
        limit: Limit | None = None,
    ) -> int:
        message = {"stage": stage, "run": str(run), "log": str(log), "arguments": arguments}
        return self.pool.submit(self, environment, message, limit)

    def next_event(self) -> dict[str, Any]:
        """Wait for the next event.

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
