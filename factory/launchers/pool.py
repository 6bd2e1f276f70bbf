"""PARENT: warm workers shared by many pipelines, so many stages at a time; what ends under its work is replaced."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factory.launchers.environment import Environment
from factory.launchers.local import Worker

TRIES = 3  # workers that may end under one stage before it counts as failed
STARTING = 120.0  # seconds that a worker may take to import, beside what its first stage may take
GRACE = 5.0  # seconds a worker has to end a stage that is overdue, before it is ended itself
TICK = 0.5  # seconds between looks at the clock


@dataclass
class Task:
    """One stage that was asked for.

    Args:
        lane: who asked.
        environment: where it runs.
        request: as the worker takes it; holds the task's ``id``.
        tries: how often it was started.
        deadline: when it is overdue, by the monotonic clock.
        cause: why it was ended by us.
    """

    lane: Lane
    environment: Environment
    request: dict[str, Any]
    tries: int = 0
    deadline: float | None = None
    cause: str | None = None


class Lane:
    """A pipeline's own launcher, on the shared pool: it sees the events of its own stages only."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.events: queue.Queue[dict[str, Any]] = queue.Queue()

    def warm(self, environment: Environment, preload: tuple[str, ...]) -> None:
        self.pool.warm(environment)

    def submit(self, environment: Environment, stage: str, run: Path, log: Path, arguments: Mapping[str, Any]) -> int:
        return self.pool.submit(
            self, environment, {"stage": stage, "run": str(run), "log": str(log), "arguments": arguments}
        )

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
        """End the stages of this lane that still run."""
        self.pool.end(self)


class Pool:
    """Use as a context manager: it leaves no process behind.

    Args:
        limit: stages that run at the same time.
        preload: what each environment imports before its first stage; may still grow.
        timeout: seconds a stage may take, None for as long as it likes.
        variables: environment variables of every worker.
    """

    def __init__(
        self,
        limit: int,
        preload: Mapping[Environment, Iterable[str]],
        timeout: float | None,
        variables: Mapping[str, str],
    ) -> None:
        self.limit, self.preload, self.timeout, self.variables = limit, preload, timeout, variables
        self.workers: dict[Environment, Worker] = {}
        self.broken: dict[Environment, str] = {}
        self.waiting: deque[Task] = deque()
        self.running: dict[int, Task] = {}
        self.lanes: set[Lane] = set()
        self.ready: set[int] = set()
        self.events: queue.Queue[dict[str, Any]] = queue.Queue()
        self.lock = threading.RLock()
        self.asked, self.stopped = 0, False
        self.router = threading.Thread(target=self.route, daemon=True)
        self.router.start()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def lane(self) -> Lane:
        lane = Lane(self)
        with self.lock:
            self.lanes.add(lane)
            if self.stopped:
                lane.events.put({"event": "stopped"})
        return lane

    def warm(self, environment: Environment) -> None:
        with self.lock:
            if not self.stopped and environment not in self.broken:
                self.worker(environment)

    def submit(self, lane: Lane, environment: Environment, request: Mapping[str, Any]) -> int:
        with self.lock:
            self.asked += 1
            self.waiting.append(Task(lane, environment, {"id": self.asked, **request}))
            self.start_waiting()
            return self.asked

    def end(self, lane: Lane) -> None:
        """Forget a lane and end what it still has running."""
        with self.lock:
            self.lanes.discard(lane)
            self.waiting = deque(task for task in self.waiting if task.lane is not lane)
            for number, task in self.running.items():
                if task.lane is lane and task.environment in self.workers:
                    self.workers[task.environment].end(number)

    def stop(self) -> None:
        """End every worker and its stages; every pipeline that waits is interrupted."""
        with self.lock:
            self.stopped = True
            workers, self.workers = list(self.workers.values()), {}
            for lane in self.lanes:
                lane.events.put({"event": "stopped"})
        self.events.put({"event": "stopped"})
        for worker in workers:
            worker.kill()
        self.router.join()

    # ---- with the lock held

    def worker(self, environment: Environment) -> Worker:
        if environment not in self.workers:
            self.workers[environment] = Worker(
                environment, tuple(self.preload.get(environment, ())), self.events, self.variables
            )
        return self.workers[environment]

    def start_waiting(self) -> None:
        while self.waiting and len(self.running) < self.limit and not self.stopped:
            task = self.waiting.popleft()
            if task.environment in self.broken:
                self.fail(task, self.broken[task.environment])
                continue
            task.tries += 1
            worker = self.worker(task.environment)
            self.allow(task, 0.0 if worker.process.pid in self.ready else STARTING)
            self.running[task.request["id"]] = task
            worker.submit(task.request)

    def allow(self, task: Task, more: float = 0.0) -> None:
        """Let a stage's time begin now."""
        task.deadline = time.monotonic() + self.timeout + more if self.timeout else None

    def handle(self, event: Mapping[str, Any]) -> None:
        if event["event"] == "gone":
            self.replace(event)
        elif event["event"] == "ready":
            self.ready.add(event["worker"])
            for task in self.running.values():
                if task.environment in self.workers and self.workers[task.environment].process.pid == event["worker"]:
                    self.allow(task)
        elif event["event"] == "exit" and event["id"] in self.running:
            self.close(self.running.pop(event["id"]), event["code"])
        elif event.get("id") in self.running:
            self.running[event["id"]].lane.events.put(dict(event))

    def replace(self, gone: Mapping[str, Any]) -> None:
        """A worker ended: start its stages again elsewhere; training goes on from its checkpoint."""
        ended = [place for place, worker in self.workers.items() if worker.process.pid == gone["worker"]]
        for environment in ended:
            self.workers.pop(environment).kill()
            if gone["broken"]:
                self.broken[environment] = gone["message"]
            under = [task for task in self.running.values() if task.environment == environment]
            for task in under:
                del self.running[task.request["id"]]
                if task.cause:
                    self.close(task, -9)
                elif task.tries >= TRIES or gone["broken"]:
                    self.fail(task, gone["message"])
                else:
                    self.waiting.appendleft(task)

    def close(self, task: Task, code: int) -> None:
        cause = {"cause": task.cause} if task.cause else {}
        backend = task.environment.backend
        task.lane.events.put({"event": "exit", "id": task.request["id"], "code": code, "backend": backend, **cause})

    def fail(self, task: Task, message: str) -> None:
        task.lane.events.put({"event": "gone", "jobs": [task.request["id"]], "message": message})

    def end_overdue(self) -> None:
        now = time.monotonic()
        for number, task in self.running.items():
            if task.deadline is None or now < task.deadline:
                continue
            if task.cause is None:
                task.cause = f"took longer than launcher.timeout allows ({self.timeout:g} s) and was ended"
                task.deadline = now + GRACE
                self.workers[task.environment].end(number)
            else:  # the worker does not answer
                with contextlib.suppress(ProcessLookupError):
                    self.workers[task.environment].process.kill()

    # ---- the router's thread

    def route(self) -> None:
        """Hand each event to the lane it belongs to; start what waits; end what is overdue."""
        while not self.stopped:
            try:
                event = self.events.get(timeout=TICK)
            except queue.Empty:
                event = {"event": "tick"}
            with self.lock:
                self.handle(event)
                self.end_overdue()
                self.start_waiting()
