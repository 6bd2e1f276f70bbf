"""PARENT: the nodes of a Ray cluster as places for workers; a Ray of our own on this machine unless one is given."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import ray
from ray.exceptions import ActorUnavailableError, GetTimeoutError, RayError
from ray.util.placement_group import PlacementGroup, placement_group, remove_placement_group
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy, PlacementGroupSchedulingStrategy

from factory import faults
from factory.errors import ConfigError, FactoryError
from factory.launchers.cluster import Cluster, Ground
from factory.launchers.copies import Copies
from factory.launchers.environment import Environment
from factory.launchers.keeper import Keeper
from factory.launchers.own_ray import OwnRay
from factory.launchers.site import Events, Seat

QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # else ray 2.60 warns that it will change
}
PATIENCE = 2.0  # seconds that a node has to end its jobs before it is left to do so alone
AGAIN = 1.0  # seconds between two tries


class RayWorker:
    """A worker on some node, by its keeper there; a thread fetches its events.

    Args:
        name: of the worker, unlike any other.
        keeper: the actor.
        environment: of the worker.
        events: takes what it and its stages tell.
        copies: of the runs.
    """

    def __init__(self, name: str, keeper: Any, environment: Environment, events: Events, copies: Copies) -> None:
        self.name, self.keeper, self.environment, self.events = name, keeper, environment, events
        self.copies = copies
        self.listener = threading.Thread(target=self.listen, daemon=True)
        self.listener.start()

    def listen(self) -> None:
        seen = 0
        while True:
            try:
                fresh = ray.get(self.keeper.after.remote(seen))
            except ActorUnavailableError:  # its node is silent: it comes back, or Ray calls it dead
                time.sleep(AGAIN)
                continue
            except (RayError, ConnectionError, RuntimeError) as error:
                message = f"{self.environment.backend} worker: lost with its node: {first_line(error)}"
                self.tell({"event": "gone", "message": message, "broken": False, "lost": True})
                return
            seen += len(fresh)
            for event in fresh:
                self.tell(self.copies.fetched(event))
                if event["event"] == "gone":
                    return

    def tell(self, event: Mapping[str, Any]) -> None:
        self.events.put({"backend": self.environment.backend, "jobs": [], **event, "worker": self.name})

    def submit(self, request: Mapping[str, Any]) -> None:
        """Hand a stage to the keeper; sending its files may take a while, and nobody waits for that."""
        threading.Thread(target=self.hand_over, args=(request,), daemon=True).start()

    def hand_over(self, request: Mapping[str, Any]) -> None:
        try:
            ray.get(self.keeper.submit.remote(self.copies.sent(request)))
        except FactoryError as error:
            failed = {"id": request["id"], "event": "failed", "error": "FactoryError", "message": str(error)}
            self.tell(failed)
            self.tell({"id": request["id"], "event": "exit", "code": error.exit_code})
        except RayError:
            self.abort()

    def end(self, job: int) -> None:
        self.keeper.end.remote(job)

    def abort(self) -> None:
        ray.kill(self.keeper)

    def kill(self) -> None:
        with suppress(RayError, GetTimeoutError):
            if self.listener.is_alive():
                ray.get(self.keeper.close.remote(), timeout=PATIENCE)
        ray.kill(self.keeper)
        self.listener.join(PATIENCE)


class RaySite:
    """Use once.

    Args:
        cluster: where, and what a stage reserves.
        own: the Ray of this sweep, where no address is given.
        jobs: stages at a time; None takes as many as the cluster's nodes hold.
        most: that there will be to do.
        ground: what parent and nodes must agree on.
        variables: environment variables of every worker.

    Raises:
        ConfigError: there is no cluster, or none of its nodes holds a stage.
        FactoryError: Ray did not start on this machine.
    """

    def __init__(
        self,
        cluster: Cluster,
        own: OwnRay | None,
        jobs: int | None,
        most: int,
        ground: Ground,
        variables: Mapping[str, str],
    ) -> None:
        self.cluster, self.own, self.ground, self.variables = cluster, own, ground, dict(variables)
        self.copies = Copies(ground)
        self.groups: dict[int, PlacementGroup] = {}
        self.asked = self.started = 0
        self.closed = False
        self.lock = threading.Lock()
        os.environ.update(QUIET)
        logging.getLogger("ray").setLevel(logging.ERROR)
        try:
            connect(self.own.address() if self.own else str(cluster.address))
            self.nodes = rooms(cluster)
        except BaseException:
            self.close()
            raise
        self.limit = min(jobs or sum(self.nodes.values()), most)

    @property
    def gpu(self) -> bool:
        return self.cluster.gpus > 0

    def open(self, events: Events) -> set[str]:
        for _ in range(self.limit):
            self.reserve(events)
        return set(self.nodes) if len(self.nodes) == 1 else set()

    def reserve(self, events: Events) -> None:
        """Ask Ray for what one stage needs, on whatever node; its seat follows when Ray has found one."""
        with self.lock:
            if self.closed:
                return
            self.asked += 1
            number = self.asked
            group = placement_group([self.cluster.resources()])
            self.groups[number] = group
        asked = {"num_cpus": self.cluster.cpus, "num_gpus": self.cluster.gpus}
        strategy = PlacementGroupSchedulingStrategy(group)
        answer = ray.remote(where).options(**asked, max_retries=-1, scheduling_strategy=strategy).remote()

        def seated(found: Any) -> None:
            if found.exception():
                threading.Timer(AGAIN, self.reserve, [events]).start()
                return
            place, gpus = found.result()
            own = {"CUDA_VISIBLE_DEVICES": ",".join(gpus)} if gpus else {}
            events.put({"event": "seat", "seat": Seat(number, place, own)})

        answer.future().add_done_callback(seated)
        self.events = events

    def start(self, place: str, environment: Environment, preload: tuple[str, ...], events: Events) -> RayWorker:
        self.started += 1
        name = f"{environment.backend}-{place}-{self.started}"
        affinity = NodeAffinitySchedulingStrategy(place, soft=False)
        actor = ray.remote(Keeper).options(num_cpus=0, max_concurrency=8, scheduling_strategy=affinity)
        keeper = actor.remote(environment, preload, self.variables, self.ground)
        return RayWorker(name, keeper, environment, events, self.copies)

    def replace(self, seat: Seat) -> None:
        self.release(seat.number)
        self.reserve(self.events)

    def release(self, number: int) -> None:
        with self.lock:
            group = self.groups.pop(number, None)
        if group is not None:
            remove_placement_group(group)

    def close(self) -> None:
        """Give everything back; a Ray that was started here ends."""
        with self.lock:
            self.closed = True
        for number in list(self.groups):
            self.release(number)
        with own_signals():
            ray.shutdown()
        if self.own:
            self.own.end()


def where() -> tuple[str, list[str]]:
    """Runs on what was reserved: the node it is on, and the GPUs."""
    context = ray.get_runtime_context()
    return context.get_node_id(), [str(gpu) for gpu in context.get_accelerator_ids().get("GPU", [])]


def connect(address: str) -> None:
    """Join a cluster.

    Raises:
        ConfigError: nobody answers at the address, or it is another Ray or Python.
    """
    with own_signals():
        try:
            ray.init(address=address, log_to_driver=False, configure_logging=False, logging_level=logging.ERROR)
        except (ConnectionError, RayError, RuntimeError, ValueError) as error:
            ray.shutdown()
            takes = f"the address of a Ray cluster that answers; {first_line(error)}"
            raise ConfigError(faults.wrong("launcher.address", address, takes)) from error


def rooms(cluster: Cluster) -> dict[str, int]:
    """How many stages each node holds, by its id; without those that hold none.

    Raises:
        ConfigError: all hold none.
    """
    found = {node["NodeID"]: cluster.room(node["Resources"]) for node in ray.nodes() if node["Alive"]}  # type: ignore[no-untyped-call]
    if not any(found.values()):
        asked = f"{cluster.cpus:g} CPUs, {cluster.gpus:g} GPUs and {cluster.memory:g} GiB"
        raise ConfigError(f"launcher: got {asked} for each stage; no node of the cluster has as much")
    return {node: room for node, room in found.items() if room}


@contextmanager
def own_signals() -> Iterator[None]:
    """Keep our handlers: Ray puts its own in their place."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def first_line(error: BaseException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
