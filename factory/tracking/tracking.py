"""PARENT: The trackers of one command, each in a process of its own, so that its failure does not affect the run.

``FACTORY_TRACKER='{"uri": "http://127.0.0.1:5000"}' python -m factory.tracking.recorder mlflow``

    → {"event": "start", "run": "outputs/…", "sweep": null}    a training began
    → {"event": "look", "run": "outputs/…"}                    its folder has new epochs
    → {"event": "end", "run": "outputs/…", "sweep": null}      it ended, however it ended
    → {"event": "leave"}                                       the last message; without it, the parent was killed
    ← {"event": "alive"}                                       a message was processed
    ← {"event": "broken", "message": "…"}                      the tracker gives up
    ← {"event": "done", "look": "mlflow ui …"}                 everything is recorded; the last event

What is recorded is read from the run's folder; messages only say when to read it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from factory.core.files import key_of
from factory.core.rundir import RunDir
from factory.core.terminal import Terminal
from factory.execution.stage_requests import Watcher
from factory.tracking.process import Process

LOOK_EVERY = 0.5  # seconds: a tracker need not hear of each of a thousand short epochs


class Tracking:
    """All trackers of one command; a context manager that waits until everything is recorded.

    It leaves no process behind.

    Args:
        console: takes the command that shows what was recorded; None prints nothing.
    """

    def __init__(self, console: Terminal | None = None) -> None:
        self.console = console
        self.processes: dict[str, Process] = {}
        self.lock = threading.Lock()

    def __enter__(self) -> Tracking:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes.values():
            look = process.close()
            if look and self.console:
                self.console.say(f"tracker: {look}")

    def watch(self, node: Mapping[str, Any] | None, watch: Watcher, sweep: Path | None = None) -> Tracked:
        """Return a watcher that records the events of a run and passes them on.

        Args:
            node: the node ``tracker`` of the run's config; None records nothing.
            watch: receives every event.
            sweep: the folder of the sweep that the run is a job of.
        """
        if not node or node["kind"] is None:
            return Tracked(watch, None, sweep)
        with self.lock:
            key = key_of(node)
            if key not in self.processes:
                self.processes[key] = Process(node)
            return Tracked(watch, self.processes[key], sweep)

    def end_sweep(self, folder: Path) -> None:
        """Record that all jobs of a sweep have ended and its leaderboard is written."""
        for process in self.processes.values():
            process.tell({"event": "end", "run": str(folder), "sweep": str(folder)})


class Tracked:
    """A watcher of one run that records its events and passes them on.

    Args:
        watch: receives every event.
        process: the tracker's process, None where nothing is recorded.
        sweep: the folder of the sweep that the run is a job of.
    """

    def __init__(self, watch: Watcher, process: Process | None, sweep: Path | None) -> None:
        self.watch, self.process, self.sweep = watch, process, str(sweep) if sweep else None
        self.run: str | None = None
        self.looked = 0.0

    def event(self, event: Mapping[str, Any]) -> None:
        """Pass on one event, and tell the tracker where it means something new to record."""
        self.watch.event(event)
        now = time.monotonic()
        match event["event"]:
            case "begun":
                self.run = event["run"]
            case "built":  # data and model were accepted; a config that they refuse is not recorded
                self.tell("start")
            case "epoch" if now - self.looked >= LOOK_EVERY:
                self.looked = now
                self.tell("look")

    def end(self, run: str | None = None) -> None:
        """Record, once, that the run has ended and its files are written.

        Args:
            run: the run's folder, needed where an earlier command had finished it.
        """
        self.run = run or self.run
        if self.run and RunDir(Path(self.run)).summary.exists():
            self.tell("end")
        self.process = None

    def tell(self, what: str) -> None:
        """Send the tracker a message about this run."""
        if self.process:
            self.process.tell({"event": what, "run": self.run, "sweep": self.sweep})
