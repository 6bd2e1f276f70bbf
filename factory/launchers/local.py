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


class Worker:
    """One ``factory.worker`` process; a thread hands its events to the launcher's queue."""

    def __init__(
        self,
        environment: Environment,
        preload: tuple[str, ...],
        events: queue.Queue[dict[str, Any]],
        variables: Mapping[str, str] | None = None,
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
            start_new_session=True,  # Ctrl-C reaches the parent alone, which ends the whole group
        )
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
            self.events.put({"backend": backend, "worker": self.process.pid, **event})
        end = ending(self.process.wait())
        message = f"{backend} worker: {broken or f'{end}: {self.last_words()}'}"
        gone = {"event": "gone", "backend": backend, "jobs": sorted(self.jobs), "message": message}
        self.events.put({**gone, "worker": self.process.pid, "broken": bool(broken)})

    def bury(self) -> None:
        """When the worker has ended, end what is left of its jobs: one that hangs would hold our pipe open."""
        self.process.wait()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def last_words(self) -> str:
        self.log.seek(0)
        lines = self.log.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def submit(self, request: Mapping[str, Any]) -> None:
        self.jobs.add(request["id"])
        self.write(request)

    def end(self, job: int) -> None:
        """Ask for a job's end; its ``exit`` event follows, unless the worker hangs as well."""
        self.write({"end": job})

    def write(self, request: Mapping[str, Any]) -> None:
        with contextlib.suppress(BrokenPipeError):  # a worker that is gone says so through its events
            if self.process.stdin:
                self.process.stdin.write((json.dumps(request) + "\n").encode())
                self.process.stdin.flush()

    def kill(self) -> None:
        """End the worker and its jobs at once; all they write is atomic."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.listener.join()
        for pipe in (self.process.stdin, self.process.stdout, self.log):
            if pipe:
                pipe.close()


def ending(code: int) -> str:
    """How a process ended, from its return code."""
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"


class LocalLauncher:
    """Runs stages on this machine. Use as a context manager: it leaves no process behind."""

    def __init__(self) -> None:
        self.workers: dict[Environment, Worker] = {}
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

    def warm(self, environment: Environment, preload: tuple[str, ...]) -> Worker:
        """Start the worker of an environment, if it is not there yet, and let it import."""
        if environment not in self.workers:
            self.workers[environment] = Worker(environment, preload, self.queue)
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
