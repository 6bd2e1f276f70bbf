"""SHARED: child processes of this package: how they are started, spoken to and ended, and how one came to its end."""

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
    """A process of one of our modules, which takes JSON lines on its stdin and answers with lines on its stdout.

    It has a session of its own: Ctrl-C reaches the parent alone, which ends the whole group.

    Args:
        module: run as ``python -m``.
        arguments: of the command.
        variables: of its environment, beside the parent's own.
        folder: where it works; the parent's working folder unless given.
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
        return self.process.pid

    def send(self, message: Mapping[str, Any]) -> None:
        """Write a message as a line; a process that is gone says so by the end of its answers."""
        with contextlib.suppress(BrokenPipeError):
            if self.process.stdin:
                self.process.stdin.write((json.dumps(message) + "\n").encode())
                self.process.stdin.flush()

    def end_input(self) -> None:
        """Close its stdin: there will be no more messages."""
        with contextlib.suppress(BrokenPipeError):
            if self.process.stdin:
                self.process.stdin.close()

    def read_line(self) -> str:
        """Wait for the next line of its answers, without its line break; an empty one is their end."""
        return (self.process.stdout.readline() if self.process.stdout else b"").decode().rstrip("\n")

    def read_lines(self) -> Iterator[str]:
        """Yield its answers line by line until their end."""
        for line in self.process.stdout or ():
            yield line.decode()

    def wait(self) -> int:
        """Wait for its end; returns its exit code, negative for a signal."""
        return self.process.wait()

    def last_words(self) -> str:
        return last_words(self.log)

    def abort(self) -> None:
        """Kill the process itself; what it started is left."""
        self.process.kill()

    def kill(self) -> None:
        """Kill the process and all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def close(self) -> None:
        """Close our ends of its pipes, and its log."""
        for pipe in (self.process.stdin, self.process.stdout, self.log):
            if pipe:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


def python_path() -> str:
    """``PYTHONPATH`` of a process of this package."""
    return os.pathsep.join(filter(None, (PACKAGE_PARENT, os.environ.get("PYTHONPATH"))))


def ending(code: int) -> str:
    """How a process ended, from its return code."""
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"


def last_words(log: IO[bytes]) -> str:
    """The last line that a process left in its log."""
    log.seek(0)
    lines = log.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def cores() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
