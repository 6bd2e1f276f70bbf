"""PARENT: The pool of warm workers that many pipelines share; runs as many stages at a time as there are slots."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from factory.execution.cluster import Cluster, Events, Slot, Worker
from factory.execution.environment import Environment
from factory.execution.run_queue import RunQueue, StageRequest
from factory.execution.stage import Limit, Stage
from factory.execution.watchdog import STARTING, TICK, Watchdog, stricter

TRIES = 3  # starts of a stage whose workers end before it counts as failed


class Pool:
    """A pool of warm workers; a context manager that leaves no process behind.

    A worker that ends under its stages is replaced, and they are started again.

    Args:
        cluster: gives the slots that stages run in, and the workers.
        preload: environment → modules that its workers import before their first stage; may still grow.
        timeout: seconds that a stage may take, None for any time.
    """

    def __init__(self, cluster: Cluster, preload: Mapping[Environment, Iterable[str]], timeout: float | None) -> None:
        self.cluster, self.limit, self.preload = cluster, cluster.limit, preload
        self.timeout = Limit(timeout, "launcher.timeout") if timeout else None
        self.workers: dict[tuple[str, Environment], Worker] = {}
        self.broken: dict[Environment, str] = {}
        self.free: list[Slot] = []
        self.wanted: dict[Environment, None] = {}
        self.waiting: deque[StageRequest] = deque()
        self.running: dict[int, StageRequest] = {}
        self.run_queues: set[RunQueue] = set()
        self.ready: set[str] = set()
        self.events: Events = queue.Queue()
        self.lock = threading.RLock()
        self.asked, self.stopped = 0, False
        self.nodes = cluster.open(self.events)
        self.dispatcher = threading.Thread(target=self.dispatch, daemon=True)
        self.dispatcher.start()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def open_queue(self) -> RunQueue:
        """Return a new run queue, the launcher of one pipeline."""
        run_queue = RunQueue(self)
        with self.lock:
            self.run_queues.add(run_queue)
            if self.stopped:
                run_queue.events.put({"event": "stopped"})
        return run_queue

    def warm(self, environment: Environment) -> None:
        """Start a worker of this environment on every node that has slots, now and later."""
        with self.lock:
            self.wanted[environment] = None
            if not self.stopped and environment not in self.broken:
                for node in self.nodes:
                    self.worker(node, environment)

    def submit(self, run_queue: RunQueue, stage: Stage) -> int:
        """Add a stage request to those that wait for a slot; return its number, which its events carry as ``id``."""
        stage = replace(stage, limit=stricter(stage.limit, self.timeout))
        with self.lock:
            self.asked += 1
            request = stage.request(self.asked)
            self.waiting.append(StageRequest(run_queue, stage.environment, request, Watchdog(stage)))
            self.start_waiting()
            return self.asked

    def end(self, run_queue: RunQueue) -> None:
        """Close a run queue and end the stages that it still has running."""
        with self.lock:
            self.run_queues.discard(run_queue)
            self.waiting = deque(request for request in self.waiting if request.run_queue is not run_queue)
            for number, request in self.running.items():
                if request.run_queue is run_queue and request.worker:
                    request.worker.end(number)

    def stop(self) -> None:
        """End every worker and its stages, and interrupt every pipeline that waits."""
        with self.lock:
            self.stopped = True
            workers, self.workers = list(self.workers.values()), {}
            for run_queue in self.run_queues:
                run_queue.events.put({"event": "stopped"})
        self.events.put({"event": "stopped"})
        for worker in workers:
            worker.kill()
        self.cluster.close()
        self.dispatcher.join()

    # ---- with the lock held

    def worker(self, node: str, environment: Environment) -> Worker:
        """Return the worker of an environment on a node; start it where there is none."""
        key = (node, environment)
        if key not in self.workers:
            preload = tuple(self.preload.get(environment, ()))
            self.workers[key] = self.cluster.start(node, environment, preload, self.events)
        return self.workers[key]

    def start_waiting(self) -> None:
        """Start waiting stages as long as there are free slots."""
        while self.waiting and self.free and not self.stopped:
            request = self.waiting.popleft()
            if request.environment in self.broken:
                self.fail(request, self.broken[request.environment])
                continue
            warm = [slot for slot in self.free if (slot.node, request.environment) in self.workers]
            request.slot = (warm or self.free)[0]
            self.free.remove(request.slot)
            request.worker = self.worker(request.slot.node, request.environment)
            request.tries += 1
            request.watchdog.start(time.monotonic(), 0.0 if request.worker.name in self.ready else STARTING)
            self.running[request.message["id"]] = request
            request.worker.submit({**request.message, "variables": dict(request.slot.variables)})

    def handle(self, event: Mapping[str, Any]) -> None:
        """Act on an event of the cluster or of a worker."""
        request = self.running.get(event.get("id", 0))
        if event["event"] == "gone":
            self.replace(event)
        elif event["event"] == "slot":
            self.slot(event["slot"])
        elif event["event"] == "ready":
            self.ready.add(event["worker"])
            for other in self.running.values():
                if other.worker and other.worker.name == event["worker"]:
                    other.watchdog.start(time.monotonic())
        elif request and request.worker and request.worker.name == event["worker"]:  # not of a worker that was given up
            if event["event"] == "exit":
                self.free.append(self.free_slot(request))
                self.close(request, event["code"])
            else:
                request.watchdog.note_life(time.monotonic())
                request.run_queue.events.put(dict(event))

    def slot(self, slot: Slot) -> None:
        """Take a new slot; start the wanted workers on a node that is seen for the first time."""
        self.free.append(slot)
        if slot.node not in self.nodes:
            self.nodes.add(slot.node)
            for environment in self.wanted.keys() - self.broken.keys():
                self.worker(slot.node, environment)

    def free_slot(self, request: StageRequest) -> Slot:
        """Take a stage off its slot and return the slot."""
        del self.running[request.message["id"]]
        slot, request.slot, request.worker = request.slot, None, None
        if slot is None:
            raise RuntimeError(f"stage {request.message['id']} runs and has no slot")
        return slot

    def replace(self, gone: Mapping[str, Any]) -> None:
        """Start the stages of a worker that ended again elsewhere; training goes on from its checkpoint."""
        key = next((key for key, worker in self.workers.items() if worker.name == gone["worker"]), None)
        if key is None:
            return
        node, environment = key
        worker = self.workers.pop(key)
        worker.kill()
        if gone["broken"]:
            self.broken[environment] = gone["message"]
        for request in [request for request in self.running.values() if request.worker is worker]:
            self.free.append(self.free_slot(request))
            if request.watchdog.overdue:
                self.close(request, -9)
            elif request.tries >= TRIES or gone["broken"]:
                self.fail(request, gone["message"])
            else:
                self.waiting.appendleft(request)
        if gone.get("lost"):
            self.leave(node)

    def leave(self, node: str) -> None:
        """Give up the slots of a node that does not answer, and ask for others."""
        lost = [slot for slot in self.free if slot.node == node]
        self.free = [slot for slot in self.free if slot.node != node]
        self.nodes.discard(node)
        for slot in lost:
            self.cluster.replace(slot)

    def close(self, request: StageRequest, code: int) -> None:
        """Tell a run queue that its stage has ended."""
        told = {"id": request.message["id"], "code": code, "backend": request.environment.backend}
        request.run_queue.events.put({"event": "exit", **told, **request.watchdog.cause})

    def fail(self, request: StageRequest, message: str) -> None:
        """Tell a run queue that its stage is lost with its worker."""
        request.run_queue.events.put({"event": "gone", "jobs": [request.message["id"]], "message": message})

    def look_after(self) -> None:
        """End stages that are overdue and report those that are silent."""
        now = time.monotonic()
        for number, request in self.running.items():
            if request.worker and (silent := request.watchdog.check(number, request.worker, now)):
                request.run_queue.events.put(silent)

    # ---- the dispatcher's thread

    def dispatch(self) -> None:
        """Pass each event to its run queue, start waiting stages, end overdue ones, until the pool stops."""
        while not self.stopped:
            try:
                event = self.events.get(timeout=TICK)
            except queue.Empty:
                event = {"event": "tick"}
            with self.lock:
                self.handle(event)
                self.look_after()
                self.start_waiting()
