"""CHILD: The interface of a tracker; each tracker is one file, ``factory/tracking/trackers/<name>.py``.

That file has one function,
    connect(*, <options>) -> Tracker
which is called in a process of its own (``factory.tracking.recorder``). The process imports what the tracker needs; its
failure does not affect the run.
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
    """A run or a sweep that begins or goes on.

    Args:
        folder: folder of the run.
        name: name that people see.
        params: config path → value.
        tags: name → text of what else is known from the start.
        parent: what `Tracker.begin` returned for the sweep that this run is a job of, None without a sweep.
        kept: what `Tracker.begin` returned for this run in an earlier command, None for a new run.
        epochs: number of epochs that are recorded already.
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
    """The artifact of one target of a published model.

    Args:
        folder: folder of the artifact.
        backend: Keras backend that exported it.
        requires: packages that its runtime needs.
        version: folder of the published version.
        encoded: whether it takes encoded inputs although the data has preprocessing.
    """

    folder: Path
    backend: str
    requires: Sequence[str]
    version: str
    encoded: bool = False


@dataclass(frozen=True)
class Model:
    """The model that a run published.

    Args:
        name: published name of the model.
        signature: ``{"inputs": [{name, dtype, shape}], "outputs": […]}``, shapes without the batch axis.
        artifacts: target → its artifact.
        requirements: ``package==version`` of the packages that run the artifacts.
        inner: where ``signature`` is that of raw columns, the one of encoded inputs.
    """

    name: str
    signature: Mapping[str, Any]
    artifacts: Mapping[str, Artifact]
    requirements: Sequence[str]
    inner: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Closing:
    """A run or a sweep that ended.

    Args:
        ending: how it ended.
        metrics: name → number, of the finished model and of each target.
        tags: name → text of what is known at the end: status, error, status of each target.
        gate: the gate's table in Markdown, empty where nothing was deployed.
        files: path in the tracker → file of the run folder.
        model: the model to register, None where nothing new was published.
    """

    ending: Ending
    metrics: Mapping[str, float]
    tags: Mapping[str, str] = field(default_factory=dict)
    gate: str = ""
    files: Mapping[str, Path] = field(default_factory=dict)
    model: Model | None = None


class Tracker(Protocol):
    """The interface of a tracker; whatever it raises ends the recording and not the run.

    Args:
        place: where it keeps runs; the ids that `begin` returns are valid only there.
        look: the command that shows the recorded runs, or their address.
    """

    place: str
    look: str

    def begin(self, opening: Opening) -> str:
        """Begin a run or take it up again, and return the tracker's id of it."""

    def epochs(self, run: str, rows: Sequence[Mapping[str, float]]) -> None:
        """Record rows of history.csv: ``epoch``, which counts from 1, and a number for each metric."""

    def end(self, run: str, closing: Closing) -> None:
        """Record how a run ended."""


def connect_tracker(name: str, options: Mapping[str, Any]) -> Tracker:
    """Return the connected tracker of this name, as in ``conf/tracker/<name>.yaml``."""
    return cast(Tracker, import_plugin("trackers", name).connect(**options))
