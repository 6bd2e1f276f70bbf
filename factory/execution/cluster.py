"""PARENT: The interface of a cluster, as the pool uses it: slots, and workers on this machine or on other nodes."""

from __future__ import annotations

import queue
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from factory.execution.environment import Environment

Events = queue.Queue[dict[str, Any]]


@dataclass(frozen=True)
class Slot:
    """A slot for one stage at a time.

    Args:
        number: identifies the slot within its cluster.
        node: id of the node that the slot is on; the slots of one node share its workers.
        variables: environment variables of a stage in this slot, such as the GPU that it may use.
    """

    number: int
    node: str
    variables: Mapping[str, str] = field(default_factory=dict)


class Worker(Protocol):
    """One ``factory.execution.worker`` process, wherever it runs.

    Its events carry its name as ``worker``.
    """

    @property
    def name(self) -> str:
        """The worker's name, unlike that of any other worker."""

    def submit(self, request: Mapping[str, Any]) -> None:
        """Send a stage request to the worker."""

    def end(self, job: int) -> None:
        """Ask the worker to end a job; its ``exit`` event follows, unless the worker hangs as well."""

    def abort(self) -> None:
        """End a worker that does not answer; its ``gone`` event follows."""

    def kill(self) -> None:
        """End the worker and its jobs at once and wait for it; every file they write is written atomically."""


class Cluster(Protocol):
    """A cluster: gives slots, and starts workers on the nodes of those slots.

    Args:
        limit: the largest number of slots at the same time.
        gpu: whether stages find a GPU where they run; None where that depends on this machine.
    """

    limit: int

    @property
    def gpu(self) -> bool | None:
        """Whether stages find a GPU where they run; None where that depends on this machine."""

    def open(self, events: Events) -> set[str]:
        """Begin to give slots: an event ``slot`` with each one, now or when there is room.

        Returns:
            Nodes that will have slots, as far as that is known.
        """

    def start(self, node: str, environment: Environment, preload: tuple[str, ...], events: Events) -> Worker:
        """Start a worker on a node; it imports the modules ``preload`` and reports to ``events``."""

    def replace(self, slot: Slot) -> None:
        """Give another slot for one whose node was lost."""

    def close(self) -> None:
        """Give back every slot and end what this cluster started."""
