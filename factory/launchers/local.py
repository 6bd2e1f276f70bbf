"""PARENT: stages as processes of this machine: a warm worker for each environment, a fork for each stage."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from factory.launchers.environment import Environment
from factory.launchers.site import Events, Seat


class LocalWorker:
    """One ``factory.worker`` process; a thread hands its events to the launcher's queue.

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
        command = [sys.executable, "-m", "factory.worker"]
        command += ["--block", ",".join(environment.block), "--preload", ",".join(preload)]
        self.environment = environment
        self.log: IO[bytes] = TemporaryFile()
        self.process = subprocess.Popen(
            command,
            env={**environment.variables(), **(variables or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            cwd=folder,
            start_new_session=True,  # Ctrl-C reaches the parent alone, which ends the whole group
        )
        self.name = f"{environment.backend}-{self.process.pid}"
        self.events = events
        self.jobs: set[int] = set()
        self.listener = threading.Thread(target=self.listen, daemon=True)
        self.listener.start()
        threading.Thread(target=self.bury, daemon=True).start()

    def listen(self) -> None:
        backend, broken = self.environment.backend, ""
        for line in self.process.stdout or ():
            event = json.loads(line)
            broken = event["message"] if event["event"] == "broken" else broken
            self.events.put({"backend": backend, "worker": self.name, **event})
        end = ending(self.process.wait())
        message = f"{backend} worker: {broken or f'{end}: {last_words(self.log)}'}"
        gone = {"event": "gone", "backend": backend, "jobs": sorted(self.jobs), "message": message}
        self.events.put({**gone, "worker": self.name, "broken": bool(broken)})

    def bury(self) -> None:
        """When the worker has ended, end what is left of its jobs: one that hangs would hold our pipe open."""
        self.process.wait()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def submit(self, request: Mapping[str, Any]) -> None:
        self.jobs.add(request["id"])
        self.write(request)

    def end(self, job: int) -> None:
        self.write({"end": job})

    def write(self, request: Mapping[str, Any]) -> None:
        with contextlib.suppress(BrokenPipeError):  # a worker that is gone says so through its events
            if self.process.stdin:
                self.process.stdin.write((json.dumps(request) + "\n").encode())
                self.process.stdin.flush()

    def abort(self) -> None:
        self.process.kill()

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.listener.join()
        for pipe in (self.process.stdin, self.process.stdout, self.log):
            if pipe:
                pipe.close()


def ending(code: int) -> str:
    """How a process ended, from its return code."""
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"


def last_words(log: IO[bytes]) -> str:
    """The last line that a process left in its log."""
    log.seek(0)
    lines = log.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


class LocalSite:
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
            events.put({"event": "seat", "seat": Seat(number, "here")})
        return {"here"}

    def start(self, place: str, environment: Environment, preload: tuple[str, ...], events: Events) -> LocalWorker:
        return LocalWorker(environment, preload, events, self.variables)

    def replace(self, seat: Seat) -> None:
        """This machine is not lost while its parent process lives."""

    def close(self) -> None:
        """Its workers are all there was."""


class LocalLauncher:
    """Runs stages on this machine. Use as a context manager: it leaves no process behind."""

    gpu = None

    def __init__(self) -> None:
        self.workers: dict[Environment, LocalWorker] = {}
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

    def warm(self, environment: Environment, preload: tuple[str, ...]) -> LocalWorker:
        """Start the worker of an environment, if it is not there yet, and let it import."""
        if environment not in self.workers:
            self.workers[environment] = LocalWorker(environment, preload, self.queue)
        return self.workers[environment]

    def submit(self, environment: Environment, stage: str, run: Path, log: Path, arguments: Mapping[str, Any]) -> int:
        """Ask for a stage.

        Returns:
            The job's number, which its events carry as ``id``.
        """
        self.submitted += 1
        worker = self.warm(environment, (f"factory.stages.{stage}",))
        request = {"id": self.submitted, "stage": stage, "run": str(run), "log": str(log), "arguments": arguments}
        worker.submit(request)
        return self.submitted

    def next_event(self) -> dict[str, Any]:
        """Wait for the next event: a job's, with its ``id``, or a worker's ``ready`` or ``gone``, with its ``jobs``."""
        return self.queue.get()
