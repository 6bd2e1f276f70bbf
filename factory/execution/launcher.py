"""PARENT: The interface of a launcher, which runs a pipeline's stages in processes."""

from __future__ import annotations

from typing import Any, Protocol

from factory.execution.environment import Environment
from factory.execution.stage import Stage


class Launcher(Protocol):
    """The interface of a launcher: starts warm workers, runs stages in them, passes on their events.

    Args:
        gpu: whether stages find a GPU where they run; None where that depends on this machine.
    """

    @property
    def gpu(self) -> bool | None:
        """Whether stages find a GPU where they run; None where that depends on this machine."""

    def warm(self, environment: Environment, preload: tuple[str, ...]) -> object:
        """Start a worker of this environment, if there is none yet, and let it import the modules ``preload``."""

    def submit(self, stage: Stage) -> int:
        """Request a stage; return the number of the job, which its events carry as ``id``."""

    def next_event(self) -> dict[str, Any]:
        """Wait for the next event of a job or a worker."""

    def kill(self) -> None:
        """End every stage that this launcher still runs."""
