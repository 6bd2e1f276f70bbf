"""PARENT: The interface of a launcher, which runs a pipeline's stages in processes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from factory.execution.environment import Environment
from factory.execution.watchdog import Limit


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

    def submit(
        self,
        environment: Environment,
        stage: str,
        run: Path,
        log: Path,
        arguments: Mapping[str, Any],
        limit: Limit | None = None,
    ) -> int:
        """Request a stage.

        Args:
            environment: environment of the worker that runs it.
            stage: module of the stage below ``factory``, such as ``training.train``.
            run: the run's folder.
            log: file that takes the output of the stage.
            arguments: keyword arguments of the stage's ``run``.
            limit: how long it may take, None for any time.

        Returns:
            The job's number, which its events carry as ``id``.
        """

    def next_event(self) -> dict[str, Any]:
        """Wait for the next event of a job or a worker."""

    def kill(self) -> None:
        """End every stage that this launcher still runs."""
