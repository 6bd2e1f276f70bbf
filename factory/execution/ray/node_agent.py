"""NODE: The node agent: one worker process on a node of a cluster, and its events until the parent fetches them.

Imports neither a framework nor Ray. When this process ends, however it ends, the worker sees its stdin close and ends
with its jobs.
"""

from __future__ import annotations

import os
import platform
import queue
import shutil
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from factory.config.plugins import project_digest
from factory.core.errors import FactoryError
from factory.core.installed import version
from factory.core.version import __version__
from factory.execution.environment import Environment
from factory.execution.local import LocalWorker
from factory.execution.ray.sync import FolderSync
from factory.execution.requirements import NodeRequirements

POLL = 10.0  # seconds that the parent's call for events waits
PACE = 2.0  # seconds between two checkpoints that are sent to the storage
TELLING = ("trained", "exit")  # events after which the parent reads the run's files at once


class NodeAgent:
    """The agent of one worker on a node.

    Args:
        environment: environment of the worker.
        preload: modules it imports before its first stage.
        variables: environment variables of the worker.
        requirements: what this node must have in common with the parent.
    """

    def __init__(
        self,
        environment: Environment,
        preload: tuple[str, ...],
        variables: Mapping[str, str],
        requirements: NodeRequirements,
    ) -> None:
        self.kept: list[dict[str, Any]] = []
        self.dropped = 0
        self.changed = threading.Condition()
        self.events: queue.Queue[dict[str, Any]] = queue.Queue()
        self.worker: LocalWorker | None = None
        self.requirements, self.run_folders, self.sent = requirements, dict[int, FolderSync](), dict[int, float]()
        if problem := reason_unfit(requirements, environment):
            self.keep({"event": "gone", "message": f"{platform.node()}: {problem}", "broken": True})
            return
        if environment.gpu and os.environ.get("CUDA_VISIBLE_DEVICES") == "":
            del os.environ["CUDA_VISIBLE_DEVICES"]  # Ray hides all GPUs from this process; a job is given its own
        folder = requirements.folder
        if requirements.storage:
            self.scratch = folder = Path(tempfile.mkdtemp(prefix="factory-"))
            variables = {name: value.replace(str(requirements.root), str(folder)) for name, value in variables.items()}
        self.worker = LocalWorker(environment, preload, self.events, variables, folder)
        threading.Thread(target=self.collect, daemon=True).start()

    def collect(self) -> None:
        """Keep the worker's events until it is gone."""
        while True:
            event = self.events.get()
            self.keep(self.sent_away(event) if event.get("id") in self.run_folders else event)
            if event["event"] == "gone":
                return

    def sent_away(self, event: dict[str, Any]) -> dict[str, Any]:
        """Send the files that an event is about to the storage, and return the event in the parent's paths."""
        job, now = event["id"], time.monotonic()
        due = event["event"] == "epoch" and now - self.sent.get(job, 0.0) > PACE
        if due or event["event"] in TELLING:
            try:
                self.run_folders[job].send()
            except FactoryError as error:
                if event["event"] == "exit":
                    self.keep({**event, "event": "failed", "error": "FactoryError", "message": str(error)})
                    event = {**event, "code": event["code"] or error.exit_code}
            self.sent[job] = time.monotonic()
        if event["event"] == "exit":
            shutil.rmtree(self.run_folders.pop(job).folder, ignore_errors=True)
        if "message" in event:
            event = {**event, "message": event["message"].replace(str(self.scratch), str(self.requirements.root))}
        return event

    def keep(self, event: dict[str, Any]) -> None:
        """Keep an event until the parent has seen it."""
        with self.changed:
            self.kept.append(event)
            self.changed.notify_all()

    def after(self, seen: int) -> list[dict[str, Any]]:
        """Return the events that the parent has not seen, waiting a while for one; forget those it has seen.

        Args:
            seen: number of events that the parent has: a reply may be lost, so it may ask for the same ones again.
        """
        with self.changed:
            del self.kept[: seen - self.dropped]
            self.dropped = max(seen, self.dropped)
            self.changed.wait_for(lambda: self.kept, timeout=POLL)
            return list(self.kept)

    def submit(self, request: Mapping[str, Any]) -> None:
        """Start a stage; where run folders are synchronized, fetch the run's folder first."""
        if self.worker and self.requirements.storage:
            self.worker.submit(self.brought(request, self.requirements.storage))
        elif self.worker:
            self.worker.submit(request)

    def brought(self, request: Mapping[str, Any], storage: str) -> dict[str, Any]:
        """Fetch a run's folder from the storage and return the request in this node's paths."""
        run, log = (Path(request[name]).relative_to(self.requirements.root) for name in ("run", "log"))
        copy = FolderSync(self.scratch / str(request["id"]) / run, f"{storage}/{run.as_posix()}")
        copy.fetch()
        self.run_folders[request["id"]] = copy
        return {**request, "run": str(copy.folder), "log": str(self.scratch / str(request["id"]) / log)}

    def end(self, job: int) -> None:
        """Ask the worker to end a job."""
        if self.worker:
            self.worker.end(job)

    def close(self) -> None:
        """End the worker and its jobs, and wait until they have ended."""
        if self.worker:
            self.worker.kill()
        if self.requirements.storage:
            shutil.rmtree(self.scratch, ignore_errors=True)


def reason_unfit(requirements: NodeRequirements, environment: Environment) -> str | None:
    """Return why this node cannot work for a parent with these requirements, None where it can."""
    for package in requirements.versions.keys() - environment.block:
        wanted = requirements.versions[package]
        installed = __version__ if package == "factory" else version(package)
        if installed != wanted:
            return f"has {package} {installed}, and the sweep was planned with {wanted}; install the same on every node"
    for folder in () if requirements.storage else (requirements.folder, requirements.root):
        if not folder.is_dir():
            return f"has no folder {folder}; share it with every node, or give launcher.storage a URL"
    if requirements.project and project_digest(requirements.project) != requirements.code:
        return f"has no project {requirements.project}, or other files in it; share it with every node"
    return None
