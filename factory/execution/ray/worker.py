"""PARENT: a worker on a node of a Ray cluster."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import ray
from ray.exceptions import ActorUnavailableError, RayError

from factory.core.errors import FactoryError
from factory.core.messages import first_line
from factory.execution.cluster import Events
from factory.execution.environment import Environment
from factory.execution.ray.run_folders import RunFolders

PATIENCE = 2.0  # seconds that a node has to end its jobs before it is left to do so alone
AGAIN = 1.0  # seconds between two tries


class RayWorker:
    """A worker on some node, by its agent there; a thread fetches its events.

    Args:
        name: of the worker, unlike any other.
        agent: the actor.
        environment: of the worker.
        events: takes what it and its stages tell.
        run_folders: of the runs.
    """

    def __init__(
        self, name: str, agent: Any, environment: Environment, events: Events, run_folders: RunFolders
    ) -> None:
        self.name, self.agent, self.environment, self.events = name, agent, environment, events
        self.run_folders = run_folders
        self.listener = threading.Thread(target=self.listen, daemon=True)
        self.listener.start()

    def listen(self) -> None:
        seen = 0
        while True:
            try:
                fresh = ray.get(self.agent.after.remote(seen))
            except ActorUnavailableError:  # its node is silent: it comes back, or Ray calls it dead
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
        self.events.put({"backend": self.environment.backend, "jobs": [], **event, "worker": self.name})

    def submit(self, request: Mapping[str, Any]) -> None:
        """Hand a stage to the agent; sending its files may take a while, and nobody waits for that."""
        threading.Thread(target=self.hand_over, args=(request,), daemon=True).start()

    def hand_over(self, request: Mapping[str, Any]) -> None:
        try:
            ray.get(self.agent.submit.remote(self.run_folders.sent(request)))
        except FactoryError as error:
            message = str(getattr(error, "cause", error))  # Ray wraps what a agent raises
            self.tell({"id": request["id"], "event": "failed", "error": "FactoryError", "message": message})
            self.tell({"id": request["id"], "event": "exit", "code": error.exit_code})
        except RayError:
            self.abort()

    def end(self, job: int) -> None:
        self.agent.end.remote(job)

    def abort(self) -> None:
        ray.kill(self.agent)

    def kill(self) -> None:
        with suppress(RayError):
            if self.listener.is_alive():
                ray.get(self.agent.close.remote(), timeout=PATIENCE)
        ray.kill(self.agent)
        self.listener.join(PATIENCE)
