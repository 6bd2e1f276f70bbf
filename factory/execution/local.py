"""PARENT: Stages as processes of this machine: a warm worker for each environment, a fork for each stage."""

from __future__ import annotations

import contextlib
import json
import queue
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factory.core.process import Child, ending
from factory.execution.cluster import Events, Slot
from factory.execution.environment import Environment
from factory.execution.stage import Stage
from factory.execution.watchdog import SILENCE, STARTING, TICK, Watchdog


class LocalWorker:
    """One ``factory.execution.worker`` process; a thread puts its events into the launcher's queue.

    Args:
        environment: environment of the process.
        preload: modules it imports before its first stage.
        events: queue that takes the events of the worker and its stages.
        variables: further environment variables.
        folder: its working folder; the parent's unless given.
    """

    def __init__(
        self,
        environment: Environment,
        preload: tuple[str, ...],
        events: Events,
        variables: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        self.environment, self.events = environment, events
        started: Future[Child] = Future()

        def start() -> Child:
            return Child(
                "factory.execution.worker",
                *("--block", ",".join(environment.block), "--preload", ",".join(preload)),
                variables={**environment.variables(), **(variables or {})},
                folder=folder,
            )

        self.listener = threading.Thread(target=self.live, args=(start, started), daemon=True)
        self.listener.start()
        self.child = started.result()
        self.name = f"{environment.backend}-{self.child.pid}"
        threading.Thread(target=self.bury, daemon=True).start()

    def live(self, start: Callable[[], Child], started: Future[Child]) -> None:
        """Start the process and read its events, in one thread: the kernel kills the process when this thread ends."""
        try:
            child = start()
        except BaseException as error:  # whoever waits for the process raises it
            started.set_exception(error)
            return
        started.set_result(child)
        self.listen(child)

    def listen(self, child: Child) -> None:
        """Pass on the worker's events until it ends, then its ``gone`` event."""
        name, backend, broken = f"{self.environment.backend}-{child.pid}", self.environment.backend, ""
        for line in child.read_lines():
            event = json.loads(line)
            broken = event["message"] if event["event"] == "broken" else broken
            self.events.put({"backend": backend, "worker": name, **event})
        end = ending(child.wait())
        message = f"{backend} worker: {broken or f'{end}: {child.last_log_line()}'}"
        gone = {"event": "gone", "backend": backend, "worker": name, "message": message}
        self.events.put({**gone, "broken": bool(broken)})

    def bury(self) -> None:
        """End the jobs that are left when the worker has ended: one that hangs would keep our pipe open."""
        self.child.wait()
        self.child.kill()

    def submit(self, request: Mapping[str, Any]) -> None:
        """Send a stage request to the worker."""
        self.child.send(request)

    def end(self, job: int) -> None:
        """Ask the worker to end a job."""
        self.child.send({"end": job})

    def abort(self) -> None:
        """End a worker that does not answer."""
        self.child.abort()

    def kill(self) -> None:
        """End the worker and its jobs, and wait until they have ended."""
        self.child.kill()
        self.listener.join()
        self.child.close()


class LocalCluster:
    """This machine as a cluster of one node.

    Args:
        limit: number of stages at the same time.
        variables: environment variables of every worker.
    """

    gpu = None

    def __init__(self, limit: int, variables: Mapping[str, str]) -> None:
        self.limit, self.variables = limit, variables

    def open(self, events: Events) -> set[str]:
        """Give all slots at once."""
        for number in range(self.limit):
            events.put({"event": "slot", "slot": Slot(number, "here")})
        return {"here"}

    def start(self, node: str, environment: Environment, preload: tuple[str, ...], events: Events) -> LocalWorker:
        """Start a worker on this machine."""
        return LocalWorker(environment, preload, events, self.variables)

    def replace(self, slot: Slot) -> None:
        """Do nothing: this machine is not lost while its parent process lives."""

    def close(self) -> None:
        """Do nothing: a local cluster consists of its workers alone."""


@dataclass
class Running:
    """A stage that runs on its worker."""

    worker: LocalWorker
    watchdog: Watchdog


class LocalLauncher:
    """A launcher that runs stages on this machine; a context manager that leaves no process behind.

    Args:
        silence: seconds without output after which a stage is reported as silent.
    """

    gpu = None

    def __init__(self, silence: float = SILENCE) -> None:
        self.silence = silence
        self.workers: dict[Environment, LocalWorker] = {}
        self.running: dict[int, Running] = {}
        self.ready: set[str] = set()
        self.queue: queue.Queue[dict[str, Any]] = queue.Queue()
        self.submitted = 0

    def __enter__(self) -> LocalLauncher:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        """End every worker and its jobs at once."""
        for worker in self.workers.values():
            worker.kill()
        self.workers.clear()
        self.running.clear()

    def warm(self, environment: Environment, preload: tuple[str, ...]) -> LocalWorker:
        """Start the worker of an environment, if there is none yet, and let it import the modules ``preload``."""
        if environment not in self.workers:
            self.workers[environment] = LocalWorker(environment, preload, self.queue)
        return self.workers[environment]

    def submit(self, stage: Stage) -> int:
        """Request a stage; return the number of the job, which its events carry as ``id``."""
        self.submitted += 1
        worker = self.warm(stage.environment, (f"factory.{stage.module}",))
        watchdog = Watchdog(stage, self.silence)
        watchdog.start(time.monotonic(), 0.0 if worker.name in self.ready else STARTING)
        self.running[self.submitted] = Running(worker, watchdog)
        worker.submit(stage.request(self.submitted))
        return self.submitted

    def next_event(self) -> dict[str, Any]:
        """Wait for the next event.

        Returns:
            The event of a job, with its ``id``, or a worker's ``ready`` or ``gone``, with its ``jobs``.
        """
        while True:
            for number, running in self.running.items():
                if silent := running.watchdog.check(number, running.worker, time.monotonic()):
                    self.queue.put(silent)
            with contextlib.suppress(queue.Empty):
                if event := self.taken(self.queue.get(timeout=TICK)):
                    return event

    def taken(self, event: dict[str, Any]) -> dict[str, Any] | None:
        """Note an event and return it as it is passed on; None where nobody waits for it."""
        running = self.running.get(event.get("id", 0))
        match event["event"]:
            case "gone":
                return self.lost(event)
            case "ready":
                self.ready.add(event["worker"])
                for other in self.running.values():
                    if other.worker.name == event["worker"]:
                        other.watchdog.start(time.monotonic())
            case "exit" if running:
                del self.running[event["id"]]
                return {**event, **running.watchdog.cause}
            case "silent":
                pass
            case _ if running:
                running.watchdog.note_life(time.monotonic())
        return event

    def lost(self, gone: dict[str, Any]) -> dict[str, Any] | None:
        """Return the event that ends the stages of a worker that ended; None where it had none.

        Such a worker is started again when it is needed.
        """
        jobs = [number for number, running in self.running.items() if running.worker.name == gone["worker"]]
        for environment, worker in list(self.workers.items()):
            if worker.name == gone["worker"]:
                self.workers.pop(environment).kill()
        for running in [self.running.pop(number) for number in jobs]:
            if running.watchdog.overdue:  # a worker runs one stage of a run at a time
                return {
                    "event": "exit",
                    "id": jobs[0],
                    "code": -9,
                    "backend": gone["backend"],
                    **running.watchdog.cause,
                }
        return {**gone, "jobs": jobs} if jobs or gone["broken"] else None
