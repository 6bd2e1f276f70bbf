"""NODE: keeps one worker process of a cluster's node; its events wait here until the parent fetches them.

Imports neither a framework nor the cluster's engine. When this process ends, however it ends, the worker sees its stdin
close and ends with its jobs.
"""

from __future__ import annotations

import os
import platform
import queue
import threading
from collections.abc import Mapping
from importlib import metadata
from typing import Any

from factory.launchers.cluster import Ground
from factory.launchers.environment import Environment
from factory.launchers.local import LocalWorker
from factory.version import __version__

POLL = 10.0  # seconds that a question for events is kept open


class Keeper:
    """A worker for one environment.

    Args:
        environment: of the worker.
        preload: modules it imports before its first stage.
        variables: environment variables of the worker.
        ground: what this node must have.
    """

    def __init__(
        self, environment: Environment, preload: tuple[str, ...], variables: Mapping[str, str], ground: Ground
    ) -> None:
        self.kept: list[dict[str, Any]] = []
        self.dropped = 0
        self.changed = threading.Condition()
        self.events: queue.Queue[dict[str, Any]] = queue.Queue()
        self.worker: LocalWorker | None = None
        if fault := unfit(ground):
            self.keep({"event": "gone", "message": f"{platform.node()}: {fault}", "broken": True})
            return
        if environment.gpu and os.environ.get("CUDA_VISIBLE_DEVICES") == "":
            del os.environ["CUDA_VISIBLE_DEVICES"]  # the engine hides them from us; a job is told its own
        self.worker = LocalWorker(environment, preload, self.events, variables, ground.folder)
        threading.Thread(target=self.collect, daemon=True).start()

    def collect(self) -> None:
        while True:
            event = self.events.get()
            self.keep(event)
            if event["event"] == "gone":
                return

    def keep(self, event: dict[str, Any]) -> None:
        with self.changed:
            self.kept.append(event)
            self.changed.notify_all()

    def after(self, seen: int) -> list[dict[str, Any]]:
        """Events the parent has not seen; waits a while for one. What it has seen is forgotten.

        Args:
            seen: how many it has: an answer may be lost on its way, so the same may be asked again.
        """
        with self.changed:
            del self.kept[: seen - self.dropped]
            self.dropped = max(seen, self.dropped)
            self.changed.wait_for(lambda: self.kept, timeout=POLL)
            return list(self.kept)

    def submit(self, request: Mapping[str, Any]) -> None:
        if self.worker:
            self.worker.submit(request)

    def end(self, job: int) -> None:
        if self.worker:
            self.worker.end(job)

    def close(self) -> None:
        """End the worker and its jobs; they have ended when this returns."""
        if self.worker:
            self.worker.kill()


def unfit(ground: Ground) -> str | None:
    """Why this node cannot work for that parent."""
    for package, wanted in ground.versions.items():
        found = __version__ if package == "factory" else installed(package)
        if found != wanted:
            return f"has {package} {found}, and the sweep was planned with {wanted}; install the same on every node"
    for folder in () if ground.storage else (ground.folder, ground.root):
        if not folder.is_dir():
            return f"has no folder {folder}; share it with every node, or give launcher.storage a URL"
    return None


def installed(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
