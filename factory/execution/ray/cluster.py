"""PARENT: A Ray cluster as a cluster of workers; starts a Ray on this machine where no address is given."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import ray
from ray.exceptions import RayError
from ray.util.placement_group import (
    PlacementGroup,
    placement_group,
    placement_group_table,
    remove_placement_group,
)
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy, PlacementGroupSchedulingStrategy

from factory.core import foreign_errors, messages
from factory.core.errors import ConfigError
from factory.execution.cluster import Events, Slot
from factory.execution.environment import Environment
from factory.execution.ray.node_agent import NodeAgent
from factory.execution.ray.own import OwnRay
from factory.execution.ray.run_folders import RunFolders
from factory.execution.ray.worker import AGAIN, RayWorker
from factory.execution.requirements import ClusterSettings, NodeRequirements

QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # else ray 2.60 warns that it will change
}
LOOK = 10.0  # seconds between two checks whether the sweep still waits for a slot
KNOCK = 10.0  # seconds that a cluster may take to accept a connection


class RayCluster:
    """A Ray cluster, joined by one sweep and left by `close`.

    Args:
        settings: address of the cluster, and the resources that a stage reserves.
        own: the Ray that this sweep started, None where an address is given.
        jobs: number of stages at a time; None takes as many as the cluster's nodes hold.
        most: number of runs of the sweep, which bounds the slots.
        requirements: what every node must have in common with the parent.
        variables: environment variables of every worker.

    Raises:
        ConfigError: no cluster answers, or none of its nodes holds a stage.
        FactoryError: Ray did not start on this machine.
    """

    def __init__(
        self,
        settings: ClusterSettings,
        own: OwnRay | None,
        jobs: int | None,
        most: int,
        requirements: NodeRequirements,
        variables: Mapping[str, str],
    ) -> None:
        self.settings, self.own, self.requirements, self.variables = settings, own, requirements, dict(variables)
        self.run_folders = RunFolders(requirements)
        self.groups: dict[int, PlacementGroup] = {}
        self.asked = self.started = 0
        self.closed = False
        self.lock = threading.Lock()
        os.environ.update(QUIET)
        logging.getLogger("ray").setLevel(logging.ERROR)
        try:
            connect_to_ray(self.own.address() if self.own else str(settings.address))
            self.nodes = stages_per_node(settings)
        except BaseException:  # Ctrl-C too must leave no cluster behind; it is raised again
            self.close()
            raise
        self.limit = min(jobs or sum(self.nodes.values()), most)

    @property
    def gpu(self) -> bool:
        """Whether each stage reserves a GPU."""
        return self.settings.gpus > 0

    def open(self, events: Events) -> set[str]:
        """Reserve the resources of each slot; an event ``slot`` follows with each."""
        self.events = events
        for _ in range(self.limit):
            self.reserve(events)
        return set(self.nodes) if len(self.nodes) == 1 else set()

    def reserve(self, events: Events) -> None:
        """Reserve what one stage needs, on whatever node; its slot follows when Ray has found one."""
        with self.lock:
            if self.closed:
                return
            self.asked += 1
            group = self.groups[self.asked] = placement_group([self.settings.resources()])
            threading.Thread(target=self.give, args=(self.asked, group, events), daemon=True).start()

    def give(self, number: int, group: PlacementGroup, events: Events) -> None:
        """Wait until Ray has found a node for a reservation, then give its slot."""
        try:
            while not group.wait(LOOK):
                if self.closed:
                    return
            node, gpus = self.reserved(group)
            own = {"CUDA_VISIBLE_DEVICES": ",".join(gpus)} if gpus else {}
            events.put({"event": "slot", "slot": Slot(number, node, own)})
        except (RayError, ConnectionError, RuntimeError):  # the node was lost at once, or the sweep is leaving Ray
            time.sleep(AGAIN)
            self.release(number)
            self.reserve(events)

    def reserved(self, group: PlacementGroup) -> tuple[str, list[str]]:
        """Return the node of a reservation, and its GPUs, which only a process inside the reservation can see."""
        if not self.gpu:
            return str(placement_group_table(group)["bundles_to_node_id"][0]), []
        asked = {"num_cpus": self.settings.cpus, "num_gpus": self.settings.gpus, "max_retries": -1}
        strategy = PlacementGroupSchedulingStrategy(group)
        found: tuple[str, list[str]] = ray.get(
            ray.remote(reserved_node).options(**asked, scheduling_strategy=strategy).remote()
        )
        return found

    def start(self, node: str, environment: Environment, preload: tuple[str, ...], events: Events) -> RayWorker:
        """Start a node agent on a node, and with it a worker."""
        self.started += 1
        name = f"{environment.backend}-{node}-{self.started}"
        affinity = NodeAffinitySchedulingStrategy(node, soft=False)
        actor = ray.remote(NodeAgent).options(num_cpus=0, max_concurrency=8, scheduling_strategy=affinity)
        agent = actor.remote(environment, preload, self.variables, self.requirements)
        return RayWorker(name, agent, environment, events, self.run_folders)

    def replace(self, slot: Slot) -> None:
        """Release a slot and reserve another one."""
        self.release(slot.number)
        self.reserve(self.events)

    def release(self, number: int) -> None:
        """Give the resources of a slot back to Ray."""
        with self.lock:
            group = self.groups.pop(number, None)
        if group is not None:
            remove_placement_group(group)

    def close(self) -> None:
        """Give back every slot and leave the cluster; a Ray that was started here ends."""
        with self.lock:
            self.closed = True
        for number in list(self.groups):
            self.release(number)
        with own_signals():
            ray.shutdown()
        if self.own:
            self.own.end()


def reserved_node() -> tuple[str, list[str]]:
    """Return the node that this runs on and the GPUs reserved there; runs inside a reservation."""
    context = ray.get_runtime_context()
    return context.get_node_id(), [str(gpu) for gpu in context.get_accelerator_ids().get("GPU", [])]


def connect_to_ray(address: str) -> None:
    """Join the Ray cluster at an address.

    Raises:
        ConfigError: no cluster answers at the address, or it runs another Ray or Python.
    """
    with own_signals():
        try:
            check_answering(address)
            try:
                join_cluster(address)
            except ConnectionError:  # Ray's proxy (2.60) now and then fails to start a server for a new client
                ray.shutdown()
                join_cluster(address)
        except (OSError, RayError, RuntimeError, ValueError) as error:
            ray.shutdown()
            takes = f"the address of a Ray cluster that answers; {foreign_errors.first_line(error)}"
            raise ConfigError(messages.wrong("launcher.address", address, takes)) from error


def join_cluster(address: str) -> None:
    """Make this process a driver of the cluster at an address."""
    ray.init(address=address, log_to_driver=False, configure_logging=False, logging_level=logging.ERROR)


def check_answering(address: str) -> None:
    """Check that a cluster listens at an address; Ray itself tries for minutes before it gives up (ray 2.60).

    Raises:
        OSError: nothing listens there.
    """
    host, _, port = address.removeprefix("ray://").partition(":")
    if port.isdecimal():
        socket.create_connection((host, int(port)), timeout=KNOCK).close()


def stages_per_node(settings: ClusterSettings) -> dict[str, int]:
    """Return node id → number of stages that the node holds, without nodes that hold none.

    Raises:
        ConfigError: no node holds a stage.
    """
    nodes = ray.nodes()  # type: ignore[no-untyped-call]  # ray 2.60 gives it no types
    found = {node["NodeID"]: settings.room(node["Resources"]) for node in nodes if node["Alive"]}
    if not any(found.values()):
        asked = f"{settings.cpus:g} CPUs, {settings.gpus:g} GPUs and {settings.memory:g} GiB"
        raise ConfigError(f"launcher: got {asked} for each stage; no node of the cluster has as much")
    return {node: room for node, room in found.items() if room}


@contextmanager
def own_signals() -> Iterator[None]:
    """Keep this process's signal handlers, which Ray replaces by its own."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
