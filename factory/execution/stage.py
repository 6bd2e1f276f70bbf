"""PARENT: A stage of a run, as a pipeline requests it of a launcher."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factory.execution.environment import Environment


@dataclass(frozen=True)
class Limit:
    """The limit of a stage's duration.

    Args:
        seconds: how long the stage may take.
        key: path of the config key that sets the limit.
    """

    seconds: float
    key: str


@dataclass(frozen=True)
class Stage:
    """A stage of a run, as a pipeline requests it.

    Args:
        environment: environment of the worker that runs it.
        module: its module below ``factory``, such as ``training.train``.
        run: the run's folder.
        log: file that takes its output.
        arguments: keyword arguments of its ``run``.
        limit: how long it may take, None for any time.
    """

    environment: Environment
    module: str
    run: Path
    log: Path
    arguments: Mapping[str, Any]
    limit: Limit | None = None

    def request(self, number: int) -> dict[str, Any]:
        """Return the request as a worker takes it, under the number of its job."""
        paths = {"run": str(self.run), "log": str(self.log)}
        return {"id": number, "stage": self.module, **paths, "arguments": self.arguments}
