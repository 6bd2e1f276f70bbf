"""CHILD: The worker process: imports one Keras backend once, then forks a fresh process for each requested stage.

``KERAS_BACKEND=torch python -m factory.execution.worker --block tensorflow,jax --preload factory.training.train``

Requests come as JSON lines on stdin, events leave as JSON lines on stdout:

    → {"id": 1, "stage": "training.train", "run": "outputs/…", "log": "outputs/…/train/log.txt", "arguments": {…},
       "variables": {…}}                                       added to the worker's environment variables
    ← {"event": "ready", "start": …, "seconds": 2.1}           the imports are done
    ← {"id": 1, "event": "epoch", …}                           whatever the stage reports
    ← {"id": 1, "event": "failed", "error": "DataError", "message": "…"}
    ← {"id": 1, "event": "exit", "code": 0}                    always the last of a job; -9 when it was killed
    → {"end": 1}                                               kill that job

The worker itself computes nothing: a fork after a framework has started its thread pools hangs. It ends when its stdin
closes, and takes its jobs with it, so that a killed parent leaves no process behind; where worker or jobs are stopped
then, the kernel kills them.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import select
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

from factory.config.plugins import import_module
from factory.core.disk import reason
from factory.core.errors import FactoryError
from factory.core.files import send_output_to
from factory.core.foreign_errors import in_one_line
from factory.core.lifeline import die_with_parent, fork_with_lifeline
from factory.core.rundir import RunDir

MESSAGE_LIMIT = 2000  # characters: an event stays below the 4096 bytes that a pipe writes in one piece


class Blocker(MetaPathFinder, Loader):
    """An import hook that makes packages look uninstalled.

    Keras imports each framework it finds, which costs seconds and is of no use.
    """

    def __init__(self, names: list[str]) -> None:
        self.names = frozenset(names)

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        # A spec that fails to load, not an error here: torch looks for specs of packages that it never imports.
        return ModuleSpec(name, self) if name.partition(".")[0] in self.names else None

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        raise ModuleNotFoundError(f"No module named {spec.name!r} (kept out of this process)", name=spec.name)


def main() -> None:
    """Import the modules, report ``ready``, serve requests until stdin closes."""
    parser = argparse.ArgumentParser(prog="python -m factory.execution.worker", description=__doc__.partition("\n")[0])
    parser.add_argument("--block", default="", help="top-level packages this process must not import")
    parser.add_argument("--preload", default="", help="modules to import before the first request")
    options = parser.parse_args()
    die_with_parent()
    events = os.dup(1)
    os.dup2(2, 1)  # what frameworks print goes to the log, never between the events
    started = time.time()
    try:
        with ending_with_parent() if hasattr(select, "poll") else nullcontext():
            preload(options.preload.split(","), block=options.block.split(","))
    except BaseException as error:  # an import may even exit; the parent is told why the worker ends
        traceback.print_exc()
        send_event(events, {"event": "broken", "message": in_one_line(error)[:MESSAGE_LIMIT]})
        sys.exit(1)
    send_event(events, {"event": "ready", "start": round(started, 4), "seconds": round(time.time() - started, 4)})
    serve(events) if hasattr(os, "fork") else serve_one(events)


def preload(modules: list[str], *, block: list[str]) -> None:
    """Import the modules that stages need, without optional packages that Keras imports where it finds them (1.6 s)."""
    importing = Blocker(["sklearn", "pandas", "matplotlib"])
    sys.meta_path[:0] = [Blocker(block), importing]
    for module in filter(None, modules):
        import_module(module)
    sys.meta_path.remove(importing)


@contextmanager
def ending_with_parent() -> Iterator[None]:
    """End this process if the parent ends while this process imports, when it reads no requests for seconds.

    The thread that watches has ended before the first fork.

    The thread is gone before the first fork.
    """
    done = threading.Event()

    def watch() -> None:
        stdin = select.poll()
        stdin.register(0, select.POLLHUP)
        while not done.wait(0.1):
            if any(happened & select.POLLHUP for _, happened in stdin.poll(0)):
                os._exit(1)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def send_event(events: int, event: Mapping[str, Any]) -> None:
    """Write one event as a line of JSON."""
    os.write(events, (json.dumps(event) + "\n").encode())


def serve(events: int) -> None:
    """Fork a process for each request and report the end of each."""
    wake, woken = os.pipe()
    os.set_blocking(woken, False)
    lifeline, held = os.pipe()  # nobody writes; jobs read its end once this process, its last holder, is gone
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)  # the wake-up descriptor is written only for signals with a handler
    jobs: dict[int, int] = {}
    unread = b""
    while True:
        readable, _, _ = select.select([0, wake], [], [])
        if wake in readable:
            os.read(wake, 1024)
            report_ended_jobs(jobs, events)
        if 0 in readable:
            chunk = os.read(0, 1 << 16)
            if not chunk:
                break
            *lines, unread = (unread + chunk).split(b"\n")
            for line in lines:
                request = json.loads(line)
                if "end" in request:
                    kill_job(jobs, request["end"])
                else:
                    jobs[fork_job(request, events, lifeline, close=[wake, woken, held])] = request["id"]
    for process in jobs:
        os.kill(process, signal.SIGKILL)
    os._exit(0)  # frameworks take long to tear themselves down


def kill_job(jobs: Mapping[int, int], number: int) -> None:
    """Kill one job; it has not been reaped, so its process id is still its own."""
    for process, job in jobs.items():
        if job == number:
            os.kill(process, signal.SIGKILL)


def report_ended_jobs(jobs: dict[int, int], events: int) -> None:
    """Report the jobs that have ended."""
    for process in list(jobs):
        done, status = os.waitpid(process, os.WNOHANG)
        if done:
            send_event(events, {"id": jobs.pop(process), "event": "exit", "code": os.waitstatus_to_exitcode(status)})


def fork_job(request: Mapping[str, Any], events: int, lifeline: int, *, close: list[int]) -> int:
    """Start a job in a forked process; return its process id, in the worker only."""
    process = fork_with_lifeline()
    if process:
        return process
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for descriptor in close:
        os.close(descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    threading.Thread(target=end_with_worker, args=(lifeline,), daemon=True).start()
    code = 1
    try:
        code = run_stage(request, events)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)  # no atexit handlers: they belong to the worker


def end_with_worker(lifeline: int) -> None:
    """End this job's process when its worker is gone."""
    os.read(lifeline, 1)  # returns only when the worker is gone, however it went
    os._exit(1)


def serve_one(events: int) -> None:
    """Run one job in this process and exit, where the system has no fork; the launcher starts a worker for the next."""
    request = json.loads(sys.stdin.readline() or "null")
    if request:
        send_event(events, {"id": request["id"], "event": "exit", "code": run_stage(request, events)})


def run_stage(request: Mapping[str, Any], events: int) -> int:
    """Run one stage in this process and report its error, if any.

    Returns:
        The exit code: 0, or that of the error that ended the stage.
    """
    stage = importlib.import_module(f"factory.{request['stage']}")

    def emit(event: Mapping[str, Any]) -> None:
        send_event(events, {"id": request["id"], **event})

    try:
        os.environ.update(request.get("variables", {}))
        send_output_to(Path(request["log"]))
        stage.run(RunDir(Path(request["run"])), emit=emit, **request["arguments"])
        return 0
    except Exception as error:  # the last place in which a stage can say how it ended
        failure = error if isinstance(error, FactoryError) else stage.FAILURE(error_line(error, request))
        emit({"event": "failed", "error": type(failure).__name__, "message": str(failure)[:MESSAGE_LIMIT]})
        with suppress(OSError):  # the disk of the log is full
            traceback.print_exc()
        return int(failure.exit_code)


def error_line(error: Exception, request: Mapping[str, Any]) -> str:
    """Return the one-line message of an error that ended a stage and is not a `FactoryError`."""
    if isinstance(error, OSError):
        stage = request["stage"].rpartition(".")[2]
        return f"{stage}: {request['run']}: {reason(error, request['run'])}"
    return f"{in_one_line(error)} (see {request['log']})"


if __name__ == "__main__":
    main()
