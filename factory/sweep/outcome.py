"""PARENT: the outcome of a job: status, error, metrics, and the facts of its targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from factory.core.rundir import RunDir
from factory.sweep.plan import Job
from factory.sweep.reuse import origin

GOOD = ("published", "trained")
FACTS = {"latency": "milliseconds", "size": "bytes"}
"""Facts of a target: name in `Outcome.facts` → field in `Outcome.targets`."""


@dataclass(frozen=True)
class Outcome:
    """The outcome of a job that ended.

    Args:
        job: as planned.
        status: as in its run.json, or ``same`` for one with the config of an earlier job.
        error: one line, None where there was none.
        metrics: loss and metrics of the trained model on the validation rows.
        epochs: number of epochs trained.
        seconds: time that fitting took.
        targets: target → status, size (``bytes``) and latency of one row (``milliseconds``).
        shared: folder of the run whose training it shares, None where the training is its own.
        kept: whether an earlier command had finished it.
    """

    job: Job
    status: str
    error: str | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    epochs: int | None = None
    seconds: float | None = None
    targets: dict[str, dict[str, Any]] = field(default_factory=dict)
    shared: str | None = None
    kept: bool = False

    @property
    def good(self) -> bool:
        """Return whether the job was published or trained, or has the config of an earlier job that was."""
        return self.status in (*GOOD, "same")

    @property
    def failed(self) -> bool:
        """Return whether the job ended without a result and was not pruned."""
        return not self.good and self.status != "pruned"

    @property
    def at_fault(self) -> bool:
        """Return whether the job failed by itself, not because the user stopped the sweep."""
        return self.failed and self.status != "interrupted"

    @property
    def facts(self) -> dict[str, float]:
        """Return all that jobs may be ranked by: metrics, ``onnx.latency`` (milliseconds), ``onnx.size`` (bytes) …"""
        known = {
            f"{name}.{fact}": target[field]
            for name, target in self.targets.items()
            for fact, field in FACTS.items()
            if target[field] is not None
        }
        return {**self.metrics, **known}

    @classmethod
    def of(cls, job: Job, summary: Mapping[str, Any], *, error: str | None = None, kept: bool = False) -> Outcome:
        """Make an outcome from a run's summary, which may be incomplete.

        Args:
            job: as planned.
            summary: run.json, or as much of it as there is.
            error: one line, None where there was none.
            kept: whether an earlier command had finished the job.
        """
        trained = summary.get("train") or {}
        fitted = [timing["seconds"] for timing in trained.get("timings", ()) if timing["name"] == "fit"]
        return cls(
            job,
            summary.get("status", "failed"),
            error,
            dict(trained.get("metrics", {})),
            trained.get("epochs"),
            round(sum(fitted), 3) if trained else None,
            {name: target_facts(target) for name, target in (summary.get("targets") or {}).items()},
            origin(RunDir(Path(job.folder))),
            kept,
        )


def repeated(first: Outcome, job: Job) -> Outcome:
    """Return the outcome of a job that has the config of an earlier job."""
    return replace(first, job=job, status="same" if first.good else first.status)


def target_facts(target: Mapping[str, Any]) -> dict[str, Any]:
    """Return status, bytes and milliseconds of one row of a target in run.json."""
    latency = target.get("latency") or {}
    return {
        "status": target["status"],
        "bytes": target.get("bytes"),
        "milliseconds": round(latency["1"] * 1000, 4) if "1" in latency else None,
    }
