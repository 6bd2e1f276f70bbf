"""SHARED: Child processes of this package: starting, messages, ending, and how a process ended."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

PACKAGE_PARENT = str(Path(__file__).parents[2])  # a child runs this very package, wherever the parent was started


class Child:
    """A child process that runs a module of ours, takes JSON lines on stdin and answers with lines on stdout.

    It has a session of its own: Ctrl-C reaches the parent alone, which ends the whole group.

    Args:
        module: run as ``python -m``.
        arguments: of the command.
        variables: environment variables beside the parent's own.
        folder: its working folder; the parent's unless given.
    """

    def __init__(
        self, module: str, *arguments: str, variables: Mapping[str, str] | None = None, folder: Path | None = None
    ) -> None:
        self.log: IO[bytes] = TemporaryFile()
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            env={**os.environ, "PYTHONPATH": python_path(), **(variables or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            cwd=folder,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """The id of the process, and of its group."""
        return self.process.pid

    def send(self, message: Mapping[str, Any]) -> None:
        """Write a message as a JSON line; ignore that the process is gone, which the end of its answers tells."""
        with contextlib.suppress(BrokenPipeError):
            if self.process.stdin:
                self.process.stdin.write((json.dumps(message) + "\n").encode())
                self.process.stdin.flush()

    def end_input(self) -> None:
        """Close the stdin of the process: there will be no more messages."""
        with contextlib.suppress(BrokenPipeError):
            if self.process.stdin:
                self.process.stdin.close()

    def read_line(self) -> str:
        """Wait for the next line of the answers and return it without its line break; an empty one is their end."""
        return (self.process.stdout.readline() if self.process.stdout else b"").decode().rstrip("\n")

    def read_lines(self) -> Iterator[str]:
        """Yield the answers line by line until their end."""
        for line in self.process.stdout or ():
            yield line.decode()

    def wait(self) -> int:
        """Wait for the end of the process; return its exit code, negative for a signal."""
        return self.process.wait()

    def last_log_line(self) -> str:
        """Return the last line that the process wrote to stderr."""
        return last_log_line(self.log)

    def abort(self) -> None:
        """Kill the process itself, but not the processes that it started."""
        self.process.kill()

    def kill(self) -> None:
        """Kill the process and all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def close(self) -> None:
        """Close our ends of the pipes, and the log."""
        for pipe in (self.process.stdin, self.process.stdout, self.log):
            if pipe:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


def python_path() -> str:
    """Return ``PYTHONPATH`` for a process of this package."""
    return os.pathsep.join(filter(None, (PACKAGE_PARENT, os.environ.get("PYTHONPATH"))))


def ending(code: int) -> str:
    """Return how a process ended, in words, from its exit code."""
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"


def last_log_line(log: IO[bytes]) -> str:
    """Return the last line that a process left in its log."""
    log.seek(0)
    lines = log.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def cores() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads() -> int:
    """Return the number of threads that this process was told to compute with: those of its environment, else cores."""
    told = os.environ.get("OMP_NUM_THREADS", "")
    return min(int(told), cores()) if told.isdecimal() and int(told) else cores()
