"""PARENT: where workers live, as the pool sees it: this machine, or the nodes of a cluster."""

from __future__ import annotations

import queue
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from factory.execution.environment import Environment

Events = queue.Queue[dict[str, Any]]


@dataclass(frozen=True)
class Slot:
    """Room for one stage at a time.

    Args:
        number: tells it from other slots.
        place: the machine it is on; workers are shared by the slots of a place.
        variables: environment variables of a stage that sits here, such as which GPU is its own.
    """

    number: int
    place: str
    variables: Mapping[str, str] = field(default_factory=dict)


class Worker(Protocol):
    """One ``factory.execution.worker`` process, wherever it runs. Its events carry its name as ``worker``."""

    @property
    def name(self) -> str: ...

    def submit(self, request: Mapping[str, Any]) -> None: ...

    def end(self, job: int) -> None:
        """Ask for a job's end; its ``exit`` event follows, unless the worker hangs as well."""

    def abort(self) -> None:
        """End a worker that does not answer; its ``gone`` event follows."""

    def kill(self) -> None:
        """End the worker and its jobs at once, and wait for it; all they write is atomic."""


class Cluster(Protocol):
    """Gives slots, and workers for the places they are at.

    Args:
        limit: most slots at the same time.
        gpu: whether stages find a GPU where they run; None where that is to be seen on this machine.
    """

    limit: int

    @property
    def gpu(self) -> bool | None: ...

    def open(self, events: Events) -> set[str]:
        """Begin to give slots: an event ``slot`` with each, now or when there is room.

        Returns:
            Places where there will be slots, as far as that is known.
        """

    def start(self, place: str, environment: Environment, preload: tuple[str, ...], events: Events) -> Worker: ...

    def replace(self, slot: Slot) -> None:
        """The place of a slot was lost: another one is to be given for it."""

    def close(self) -> None: ...
