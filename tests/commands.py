"""Running the command line as a user does, for tests."""

from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.host import Host

ROOT = Path(__file__).parent.parent
MARK = "FACTORY_TEST"
FACTORY = [sys.executable, "-m", "factory"]


@dataclass(frozen=True)
class Done:
    """A command that ended."""

    code: int
    out: str
    err: str


def factory(*words: str, cwd: Path = ROOT, timeout: float = 300, path: Path | None = None) -> Done:
    """Run ``python -m factory`` to its end; ``path`` is one more folder of installed packages."""
    variables = environment()
    if path:
        variables["PYTHONPATH"] += os.pathsep + str(path)
    if host().fits(variables):
        return Done(*host().perform(words, cwd, variables, timeout))
    found = subprocess.run([*FACTORY, *words], cwd=cwd, capture_output=True, text=True, timeout=timeout, env=variables)
    return Done(found.returncode, found.stdout, found.stderr)


@functools.cache
def child(module: str, backend: str, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run a module of these tests under one backend and return how it ended; once for all tests that ask the same."""
    variables = environment() | {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-m", module, *words]
    return subprocess.run(command, cwd=ROOT, env=variables, input=given, capture_output=True, text=True, timeout=600)


def printed_by(ran: subprocess.CompletedProcess[str]) -> Any:
    """Return the JSON on the last line that a child printed."""
    assert ran.returncode == 0, ran.stderr[-4000:]
    return json.loads(ran.stdout.splitlines()[-1])


@functools.cache
def host() -> Host:
    """The one of this process, started by its first command."""
    return Host("factory", ["factory.cli.main"], environment())


@contextmanager
def started(*words: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start ``python -m factory``; what it prints goes to ``log``, and its last word marks all its processes."""
    with open(log, "wb") as file:
        marked = environment() | {MARK: words[-1]}
        process = subprocess.Popen([*FACTORY, *words], cwd=ROOT, stdout=file, stderr=file, env=marked)
    try:
        yield process
    finally:
        kill(process)


def environment() -> dict[str, str]:
    """Ours, with this checkout importable from any folder."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def kill_in_training(*words: str, run: Path, rows: int) -> None:
    """Start a run, kill it with -9 once its history has more than so many rows, and wait for its processes to end."""
    history = run / "train" / "history.csv"
    with started(*words, log=run.with_suffix(".txt")) as process:
        wait_until(lambda: history.exists() and len(history.read_text().splitlines()) > rows)
        kill(process)
        wait_until(lambda: processes_of(process) == [])
    assert not (run / "train" / "report.json").exists()


def wait_until(condition: Callable[[], bool], seconds: float = 120) -> None:
    """Poll until a condition holds.

    Raises:
        TimeoutError: it did not in time.
    """
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.02)


def processes_of(process_of: subprocess.Popen[bytes]) -> list[int]:
    """Every living process with the mark that `started` gave this command: itself, its workers and their jobs."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark_of(process_of)}".encode() in (process / "environ").read_bytes().split(b"\0"):
                found.append(int(process.name))
        except OSError:  # it ended while we looked, or is not ours to look at
            continue
    return found


def frameworks_in(process: int) -> set[str]:
    """Frameworks whose compiled code a process has loaded."""
    maps = Path(f"/proc/{process}/maps").read_text()
    return {
        name
        for name, part in {"torch": "/torch/lib/", "jax": "/jaxlib/", "tensorflow": "/tensorflow/"}.items()
        if part in maps
    }


def backend_of(process: int) -> str | None:
    """What a process was told in ``KERAS_BACKEND``."""
    variables = Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
    return next((v.decode().partition("=")[2] for v in variables if v.startswith(b"KERAS_BACKEND=")), None)


def mark_of(process: subprocess.Popen[bytes]) -> str:
    return str(process.args[-1])  # type: ignore[index]


def kill(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=30)
