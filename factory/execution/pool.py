"""PARENT: warm workers shared by many pipelines, so many stages at a time; what ends under its work is replaced."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from factory.execution.cluster import Events, Seat, Site, Worker
from factory.execution.environment import Environment
from factory.execution.run_queue import Lane, Task
from factory.execution.watchdog import STARTING, TICK, Limit, Vigil, stricter

TRIES = 3  # workers that may end under one stage before it counts as failed


class Pool:
    """Use as a context manager: it leaves no process behind.

    Args:
        site: gives the seats that stages run on, and the workers.
        preload: what each environment imports before its first stage; may still grow.
        timeout: seconds a stage may take, None for as long as it likes.
    """

    def __init__(self, site: Site, preload: Mapping[Environment, Iterable[str]], timeout: float | None) -> None:
        self.site, self.limit, self.preload = site, site.limit, preload
        self.timeout = Limit(timeout, "launcher.timeout") if timeout else None
        self.workers: dict[tuple[str, Environment], Worker] = {}
        self.broken: dict[Environment, str] = {}
        self.free: list[Seat] = []
        self.wanted: dict[Environment, None] = {}
        self.waiting: deque[Task] = deque()
        self.running: dict[int, Task] = {}
        self.lanes: set[Lane] = set()
        self.ready: set[str] = set()
        self.events: Events = queue.Queue()
        self.lock = threading.RLock()
        self.asked, self.stopped = 0, False
        self.places = site.open(self.events)
        self.router = threading.Thread(target=self.route, daemon=True)
        self.router.start()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def lane(self) -> Lane:
        lane = Lane(self)
        with self.lock:
            self.lanes.add(lane)
            if self.stopped:
                lane.events.put({"event": "stopped"})
        return lane

    def warm(self, environment: Environment) -> None:
        """Let an environment be imported wherever there is a seat, now and later."""
        with self.lock:
            self.wanted[environment] = None
            if not self.stopped and environment not in self.broken:
                for place in self.places:
                    self.worker(place, environment)

    def submit(self, lane: Lane, environment: Environment, request: Mapping[str, Any], limit: Limit | None) -> int:
        vigil = Vigil(stricter(limit, self.timeout), request["stage"], environment.backend, request["log"])
        with self.lock:
            self.asked += 1
            self.waiting.append(Task(lane, environment, {"id": self.asked, **request}, vigil))
            self.start_waiting()
            return self.asked

    def end(self, lane: Lane) -> None:
        """Forget a lane and end what it still has running."""
        with self.lock:
            self.lanes.discard(lane)
            self.waiting = deque(task for task in self.waiting if task.lane is not lane)
            for number, task in self.running.items():
                if task.lane is lane and task.worker:
                    task.worker.end(number)

    def stop(self) -> None:
        """End every worker and its stages; every pipeline that waits is interrupted."""
        with self.lock:
            self.stopped = True
            workers, self.workers = list(self.workers.values()), {}
            for lane in self.lanes:
                lane.events.put({"event": "stopped"})
        self.events.put({"event": "stopped"})
        for worker in workers:
            worker.kill()
        self.site.close()
        self.router.join()

    # ---- with the lock held

    def worker(self, place: str, environment: Environment) -> Worker:
        key = (place, environment)
        if key not in self.workers:
            preload = tuple(self.preload.get(environment, ()))
            self.workers[key] = self.site.start(place, environment, preload, self.events)
        return self.workers[key]

    def start_waiting(self) -> None:
        while self.waiting and self.free and not self.stopped:
            task = self.waiting.popleft()
            if task.environment in self.broken:
                self.fail(task, self.broken[task.environment])
                continue
            warm = [seat for seat in self.free if (seat.place, task.environment) in self.workers]
            task.seat = (warm or self.free)[0]
            self.free.remove(task.seat)
            task.worker = self.worker(task.seat.place, task.environment)
            task.tries += 1
            task.vigil.begin(time.monotonic(), 0.0 if task.worker.name in self.ready else STARTING)
            self.running[task.request["id"]] = task
            task.worker.submit({**task.request, "variables": dict(task.seat.variables)})

    def handle(self, event: Mapping[str, Any]) -> None:
        task = self.running.get(event.get("id", 0))
        if event["event"] == "gone":
            self.replace(event)
        elif event["event"] == "seat":
            self.seat(event["seat"])
        elif event["event"] == "ready":
            self.ready.add(event["worker"])
            for other in self.running.values():
                if other.worker and other.worker.name == event["worker"]:
                    other.vigil.begin(time.monotonic())
        elif task and task.worker and task.worker.name == event["worker"]:  # not of a worker that was given up
            if event["event"] == "exit":
                self.free.append(self.stand_up(task))
                self.close(task, event["code"])
            else:
                task.vigil.hear(time.monotonic())
                task.lane.events.put(dict(event))

    def seat(self, seat: Seat) -> None:
        """Room for a stage; a place seen for the first time imports what is wanted everywhere."""
        self.free.append(seat)
        if seat.place not in self.places:
            self.places.add(seat.place)
            for environment in self.wanted.keys() - self.broken.keys():
                self.worker(seat.place, environment)

    def stand_up(self, task: Task) -> Seat:
        """Take a stage off its seat."""
        del self.running[task.request["id"]]
        seat, task.seat, task.worker = task.seat, None, None
        if seat is None:
            raise RuntimeError(f"stage {task.request['id']} runs and has no seat")
        return seat

    def replace(self, gone: Mapping[str, Any]) -> None:
        """A worker ended: start its stages again elsewhere; training goes on from its checkpoint."""
        found = next((key for key, worker in self.workers.items() if worker.name == gone["worker"]), None)
        if found is None:
            return
        place, environment = found
        worker = self.workers.pop(found)
        worker.kill()
        if gone["broken"]:
            self.broken[environment] = gone["message"]
        for task in [task for task in self.running.values() if task.worker is worker]:
            self.free.append(self.stand_up(task))
            if task.vigil.overdue:
                self.close(task, -9)
            elif task.tries >= TRIES or gone["broken"]:
                self.fail(task, gone["message"])
            else:
                self.waiting.appendleft(task)
        if gone.get("lost"):
            self.leave(place)

    def leave(self, place: str) -> None:
        """A place does not answer: its seats are given up for others."""
        lost = [seat for seat in self.free if seat.place == place]
        self.free = [seat for seat in self.free if seat.place != place]
        self.places.discard(place)
        for seat in lost:
            self.site.replace(seat)

    def close(self, task: Task, code: int) -> None:
        told = {"id": task.request["id"], "code": code, "backend": task.environment.backend}
        task.lane.events.put({"event": "exit", **told, **task.vigil.cause})

    def fail(self, task: Task, message: str) -> None:
        task.lane.events.put({"event": "gone", "jobs": [task.request["id"]], "message": message})

    def look_after(self) -> None:
        """End what is overdue, and tell of what is silent."""
        now = time.monotonic()
        for number, task in self.running.items():
            if task.worker and (silent := task.vigil.look(number, task.worker, now)):
                task.lane.events.put(silent)

    # ---- the router's thread

    def route(self) -> None:
        """Hand each event to the lane it belongs to; start what waits; end what is overdue."""
        while not self.stopped:
            try:
                event = self.events.get(timeout=TICK)
            except queue.Empty:
                event = {"event": "tick"}
            with self.lock:
                self.handle(event)
                self.look_after()
                self.start_waiting()
