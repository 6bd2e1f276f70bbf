"""PARENT: stages as processes of this machine: a warm worker for each environment, a fork for each stage."""

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
from factory.execution.watchdog import SILENCE, STARTING, TICK, Limit, Vigil


class LocalWorker:
    """One ``factory.execution.worker`` process; a thread hands its events to the launcher's queue.

    Args:
        environment: what it is started with.
        preload: modules it imports before its first stage.
        events: takes what it and its stages tell.
        variables: further environment variables.
        folder: where it works; the parent's working folder unless given.
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
        """Start the process and listen to it; in one thread, since the kernel kills it when this thread ends."""
        try:
            child = start()
        except BaseException as error:
            started.set_exception(error)
            return
        started.set_result(child)
        self.listen(child)

    def listen(self, child: Child) -> None:
        name, backend, broken = f"{self.environment.backend}-{child.pid}", self.environment.backend, ""
        for line in child.read_lines():
            event = json.loads(line)
            broken = event["message"] if event["event"] == "broken" else broken
            self.events.put({"backend": backend, "worker": name, **event})
        end = ending(child.wait())
        message = f"{backend} worker: {broken or f'{end}: {child.last_words()}'}"
        gone = {"event": "gone", "backend": backend, "worker": name, "message": message}
        self.events.put({**gone, "broken": bool(broken)})

    def bury(self) -> None:
        """When the worker has ended, end what is left of its jobs: one that hangs would hold our pipe open."""
        self.child.wait()
        self.child.kill()

    def submit(self, request: Mapping[str, Any]) -> None:
        self.child.send(request)

    def end(self, job: int) -> None:
        self.child.send({"end": job})

    def abort(self) -> None:
        self.child.abort()

    def kill(self) -> None:
        self.child.kill()
        self.listener.join()
        self.child.close()


class LocalCluster:
    """This machine.

    Args:
        limit: stages at the same time.
        variables: environment variables of every worker.
    """

    gpu = None

    def __init__(self, limit: int, variables: Mapping[str, str]) -> None:
        self.limit, self.variables = limit, variables

    def open(self, events: Events) -> set[str]:
        for number in range(self.limit):
            events.put({"event": "slot", "slot": Slot(number, "here")})
        return {"here"}

    def start(self, place: str, environment: Environment, preload: tuple[str, ...], events: Events) -> LocalWorker:
        return LocalWorker(environment, preload, events, self.variables)

    def replace(self, slot: Slot) -> None:
        """This machine is not lost while its parent process lives."""

    def close(self) -> None:
        """Its workers are all there was."""


@dataclass
class Running:
    """A stage on its worker."""

    worker: LocalWorker
    vigil: Vigil


class LocalLauncher:
    """Runs stages on this machine. Use as a context manager: it leaves no process behind.

    Args:
        silence: seconds after which a stage that says nothing is named.
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
        """Start the worker of an environment, if it is not there yet, and let it import."""
        if environment not in self.workers:
            self.workers[environment] = LocalWorker(environment, preload, self.queue)
        return self.workers[environment]

    def submit(
        self,
        environment: Environment,
        stage: str,
        run: Path,
        log: Path,
        arguments: Mapping[str, Any],
        limit: Limit | None = None,
    ) -> int:
        """Ask for a stage.

        Returns:
            The job's number, which its events carry as ``id``.
        """
        self.submitted += 1
        worker = self.warm(environment, (f"factory.{stage}",))
        vigil = Vigil(limit, stage, environment.backend, str(log), self.silence)
        vigil.begin(time.monotonic(), 0.0 if worker.name in self.ready else STARTING)
        self.running[self.submitted] = Running(worker, vigil)
        request = {"id": self.submitted, "stage": stage, "run": str(run), "log": str(log), "arguments": arguments}
        worker.submit(request)
        return self.submitted

    def next_event(self) -> dict[str, Any]:
        """Wait for the next event: a job's, with its ``id``, or a worker's ``ready`` or ``gone``, with its ``jobs``."""
        while True:
            for number, running in self.running.items():
                if silent := running.vigil.look(number, running.worker, time.monotonic()):
                    self.queue.put(silent)
            with contextlib.suppress(queue.Empty):
                if event := self.taken(self.queue.get(timeout=TICK)):
                    return event

    def taken(self, event: dict[str, Any]) -> dict[str, Any] | None:
        """The event as it is passed on; None where it concerns nobody."""
        running = self.running.get(event.get("id", 0))
        match event["event"]:
            case "gone":
                return self.lost(event)
            case "ready":
                self.ready.add(event["worker"])
                for other in self.running.values():
                    if other.worker.name == event["worker"]:
                        other.vigil.begin(time.monotonic())
            case "exit" if running:
                del self.running[event["id"]]
                return {**event, **running.vigil.cause}
            case "silent":
                pass
            case _ if running:
                running.vigil.hear(time.monotonic())
        return event

    def lost(self, gone: dict[str, Any]) -> dict[str, Any] | None:
        """A worker ended: of its stages, what ended them. One that had nothing to do is started again when needed."""
        jobs = [number for number, running in self.running.items() if running.worker.name == gone["worker"]]
        for environment, worker in list(self.workers.items()):
            if worker.name == gone["worker"]:
                self.workers.pop(environment).kill()
        for running in [self.running.pop(number) for number in jobs]:
            if running.vigil.overdue:  # a worker runs one stage of a run at a time
                return {"event": "exit", "id": jobs[0], "code": -9, "backend": gone["backend"], **running.vigil.cause}
        return {**gone, "jobs": jobs} if jobs or gone["broken"] else None
