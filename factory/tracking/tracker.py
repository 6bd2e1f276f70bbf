"""CHILD: Where runs are recorded, one file each: ``factory/tracking/trackers/<name>.py``.

A tracker is one function,
    connect(*, <options>) -> Tracker
called in a process of its own (``factory.tracking``), which imports what the tracker needs and may fail as it likes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, cast

from factory.config.plugins import import_plugin

Ending = Literal["finished", "failed", "killed"]


@dataclass(frozen=True)
class Opening:
    """A run that begins or goes on.

    Args:
        folder: of the run.
        name: for people.
        params: config path → value.
        tags: what else is known from the start.
        parent: what `Tracker.begin` answered for the sweep that this is a job of.
        kept: what it answered for this run in an earlier command.
        epochs: that it was told already.
    """

    folder: Path
    name: str
    params: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    parent: str | None = None
    kept: str | None = None
    epochs: int = 0


@dataclass(frozen=True)
class Artifact:
    """One target of a published model.

    Args:
        folder: that holds it.
        backend: of Keras that it was made under.
        requires: packages that run it.
        version: the published folder.
    """

    folder: Path
    backend: str
    requires: Sequence[str]
    version: str


@dataclass(frozen=True)
class Model:
    """What a run published.

    Args:
        name: of the model.
        signature: ``{"inputs": [{name, dtype, shape}], "outputs": […]}``, shapes without the batch axis.
        artifacts: target → its artifact.
        requirements: ``package==version`` of what runs them.
    """

    name: str
    signature: Mapping[str, Any]
    artifacts: Mapping[str, Artifact]
    requirements: Sequence[str]


@dataclass(frozen=True)
class Closing:
    """A run that ended.

    Args:
        ending: how.
        metrics: of the finished model and of each target.
        tags: what is known at the end: status, error, each target's.
        gate: the gate's table in Markdown, empty where nothing was deployed.
        files: path in the tracker → file of the run folder.
        model: what is to be registered, None where nothing new was published.
    """

    ending: Ending
    metrics: Mapping[str, float]
    tags: Mapping[str, str] = field(default_factory=dict)
    gate: str = ""
    files: Mapping[str, Path] = field(default_factory=dict)
    model: Model | None = None


class Tracker(Protocol):
    """What a tracker does; whatever it raises ends the recording and not the run.

    Args:
        place: where it keeps runs; what `begin` answers is meaningful there only.
        look: the command by which a person looks at them, or their address.
    """

    place: str
    look: str

    def begin(self, opening: Opening) -> str: ...

    def epochs(self, run: str, rows: Sequence[Mapping[str, float]]) -> None:
        """Take rows of history.csv: ``epoch``, which counts from 1, and a number for each metric."""

    def end(self, run: str, closing: Closing) -> None: ...


def connect_tracker(name: str, options: Mapping[str, Any]) -> Tracker:
    """The tracker of this name, as in ``conf/tracker/<name>.yaml``."""
    return cast(Tracker, import_plugin("trackers", name).connect(**options))
