"""PARENT: the trackers of one command: each in a process of its own, which may hang, fail or die at no run's expense.

``FACTORY_TRACKER='{"uri": "http://127.0.0.1:5000"}' python -m factory.tracking.recorder mlflow``

    → {"event": "start", "run": "outputs/…", "sweep": null}    a training began
    → {"event": "look", "run": "outputs/…"}                    there are new epochs in its folder
    → {"event": "end", "run": "outputs/…", "sweep": null}      it ended, however it ended
    → {"event": "leave"}                                       that was all; without it, the parent was killed
    ← {"event": "alive"}                                       a message was dealt with
    ← {"event": "broken", "message": "…"}                      the tracker gives up
    ← {"event": "done", "look": "mlflow ui …"}                 all is recorded; the last one

What is recorded is read from the run's folder; messages only say when to look.
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
    """Use as a context manager: on leaving it waits until all is recorded, and leaves no process behind.

    Args:
        console: where to say how to look at what was recorded; None says nothing.
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
        """A watcher that records what it is told, and tells it on.

        Args:
            node: ``tracker`` of the run's config.
            watch: shows the run.
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
        """All jobs of a sweep have ended and its leaderboard is written."""
        for process in self.processes.values():
            process.tell({"event": "end", "run": str(folder), "sweep": str(folder)})


class Tracked:
    """One run's watcher.

    Args:
        watch: is told everything.
        process: of the tracker, None where nothing is recorded.
        sweep: the folder of the sweep that the run is a job of.
    """

    def __init__(self, watch: Watcher, process: Process | None, sweep: Path | None) -> None:
        self.watch, self.process, self.sweep = watch, process, str(sweep) if sweep else None
        self.run: str | None = None
        self.looked = 0.0

    def event(self, event: Mapping[str, Any]) -> None:
        self.watch.event(event)
        now = time.monotonic()
        match event["event"]:
            case "begun":
                self.run = event["run"]
            case "built":  # data and model are sound: a config that they refuse leaves nothing behind
                self.tell("start")
            case "epoch" if now - self.looked >= LOOK_EVERY:
                self.looked = now
                self.tell("look")

    def end(self, run: str | None = None) -> None:
        """The run has ended and its files are written; said once.

        Args:
            run: its folder, where an earlier command had finished it.
        """
        self.run = run or self.run
        if self.run and RunDir(Path(self.run)).summary.exists():
            self.tell("end")
        self.process = None

    def tell(self, what: str) -> None:
        if self.process:
            self.process.tell({"event": what, "run": self.run, "sweep": self.sweep})
