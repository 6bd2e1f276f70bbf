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
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

FRAMEWORKS = ("tensorflow", "torch", "jax")
PACKAGE_PARENT = str(Path(__file__).parents[2])  # the worker runs this very package, wherever the parent was started


@dataclass(frozen=True)
class Environment:
    """What a worker process is started with, and cannot change later.

    Args:
        backend: the Keras backend, and the only framework the process may import besides ``also``.
        gpu: whether it may see one.
        threads: of every thread pool; changes torch's weights bitwise, so it is pinned and recorded.
        also: further frameworks the model needs inside (string lookups are TensorFlow's on every backend).
    """

    backend: str
    gpu: bool
    threads: int
    also: tuple[str, ...] = ()

    @property
    def block(self) -> tuple[str, ...]:
        return tuple(name for name in FRAMEWORKS if name != self.backend and name not in self.also)

    def variables(self) -> dict[str, str]:
        """The environment variables of the process."""
        threads = str(self.threads)
        fixed = {
            "KERAS_BACKEND": self.backend,
            "OMP_NUM_THREADS": threads,
            "MKL_NUM_THREADS": threads,
            "OPENBLAS_NUM_THREADS": threads,
            "TF_NUM_INTRAOP_THREADS": threads,
            "OMP_WAIT_POLICY": "passive",  # spinning threads of two processes on two cores: a 0.15 s fit took 3.8 s
            "TF_CPP_MIN_LOG_LEVEL": "2",
            "PYTORCH_NVML_BASED_CUDA_CHECK": "1",  # looking for a GPU must not start CUDA before the fork
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": os.pathsep.join(filter(None, (PACKAGE_PARENT, os.environ.get("PYTHONPATH")))),
        }
        no_gpu = {} if self.gpu else {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu", "KERAS_TORCH_DEVICE": "cpu"}
        return {**os.environ, **fixed, **no_gpu}


class Worker:
    """One ``factory.worker`` process; a thread hands its events to the launcher's queue."""

    def __init__(self, environment: Environment, preload: tuple[str, ...], events: queue.Queue[dict[str, Any]]) -> None:
        command = [sys.executable, "-m", "factory.worker"]
        command += ["--block", ",".join(environment.block), "--preload", ",".join(preload)]
        self.environment = environment
        self.log: IO[bytes] = TemporaryFile()
        self.process = subprocess.Popen(
            command,
            env=environment.variables(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            start_new_session=True,  # Ctrl-C reaches the parent alone, which ends the whole group
        )
        self.events = events
        self.jobs: set[int] = set()
        self.listener = threading.Thread(target=self.listen, daemon=True)
        self.listener.start()

    def listen(self) -> None:
        backend, broken = self.environment.backend, ""
        for line in self.process.stdout or ():
            event = json.loads(line)
            broken = event["message"] if event["event"] == "broken" else broken
            self.events.put({"backend": backend, **event})
        end = ending(self.process.wait())
        message = f"{backend} worker: {broken or f'{end}: {self.last_words()}'}"
        self.events.put({"event": "gone", "backend": backend, "jobs": sorted(self.jobs), "message": message})

    def last_words(self) -> str:
        self.log.seek(0)
        lines = self.log.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def submit(self, request: Mapping[str, Any]) -> None:
        self.jobs.add(request["id"])
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
