"""PARENT: A worker on a node of a Ray cluster, as the pool sees it."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import ray
from ray.exceptions import ActorUnavailableError, RayError

from factory.core.errors import FactoryError
from factory.core.foreign_errors import first_line
from factory.execution.cluster import Events
from factory.execution.environment import Environment
from factory.execution.ray.run_folders import RunFolders

PATIENCE = 2.0  # seconds that a node has to end its jobs before it is left to do so alone
AGAIN = 1.0  # seconds between two tries


class RayWorker:
    """A worker on some node, reached by its node agent; a thread fetches its events.

    Args:
        name: the worker's name, unlike that of any other worker.
        agent: the Ray actor that is its node agent.
        environment: environment of the worker.
        events: queue that takes the events of the worker and its stages.
        run_folders: synchronization of the sweep's run folders.
    """

    def __init__(
        self, name: str, agent: Any, environment: Environment, events: Events, run_folders: RunFolders
    ) -> None:
        self.name, self.agent, self.environment, self.events = name, agent, environment, events
        self.run_folders = run_folders
        self.listener = threading.Thread(target=self.listen, daemon=True)
        self.listener.start()

    def listen(self) -> None:
        """Fetch events from the node agent and pass them on, until the worker is gone or its node lost."""
        seen = 0
        while True:
            try:
                fresh = ray.get(self.agent.after.remote(seen))
            except ActorUnavailableError:  # its node does not answer: it comes back, or Ray declares it dead
                time.sleep(AGAIN)
                continue
            except (RayError, ConnectionError, RuntimeError) as error:
                message = f"{self.environment.backend} worker: lost with its node: {first_line(error)}"
                self.tell({"event": "gone", "message": message, "broken": False, "lost": True})
                return
            seen += len(fresh)
            for event in fresh:
                self.tell(self.run_folders.fetched(event))
                if event["event"] == "gone":
                    return

    def tell(self, event: Mapping[str, Any]) -> None:
        """Pass on an event under this worker's name."""
        self.events.put({"backend": self.environment.backend, "jobs": [], **event, "worker": self.name})

    def submit(self, request: Mapping[str, Any]) -> None:
        """Hand a stage request to the node agent in a thread: sending its files may take a while."""
        threading.Thread(target=self.hand_over, args=(request,), daemon=True).start()

    def hand_over(self, request: Mapping[str, Any]) -> None:
        """Send a run's files and then the stage request; report a failed stage where that fails."""
        try:
            ray.get(self.agent.submit.remote(self.run_folders.sent(request)))
        except FactoryError as error:
            message = str(getattr(error, "cause", error))  # Ray wraps what an actor raises
            self.tell({"id": request["id"], "event": "failed", "error": "FactoryError", "message": message})
            self.tell({"id": request["id"], "event": "exit", "code": error.exit_code})
        except RayError:
            self.abort()

    def end(self, job: int) -> None:
        """Ask the worker to end a job."""
        self.agent.end.remote(job)

    def abort(self) -> None:
        """Kill the node agent, and with it a worker that does not answer."""
        ray.kill(self.agent)

    def kill(self) -> None:
        """End the worker and its jobs, waiting a moment for them, then its node agent."""
        with suppress(RayError):
            if self.listener.is_alive():
                ray.get(self.agent.close.remote(), timeout=PATIENCE)
        ray.kill(self.agent)
        self.listener.join(PATIENCE)
