"""PARENT: how a stage gets a process."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from factory.execution.environment import Environment
from factory.execution.watchdog import Limit


class Launcher(Protocol):
    """What a pipeline asks of a launcher: an environment that warms up, stages that run in it, their events.

    Args:
        gpu: whether stages find a GPU where they run; None where that is to be seen on this machine.
    """

    @property
    def gpu(self) -> bool | None: ...

    def warm(self, environment: Environment, preload: tuple[str, ...]) -> object: ...

    def submit(
        self,
        environment: Environment,
        stage: str,
        run: Path,
        log: Path,
        arguments: Mapping[str, Any],
        limit: Limit | None = None,
    ) -> int: ...

    def next_event(self) -> dict[str, Any]: ...

    def kill(self) -> None: ...
