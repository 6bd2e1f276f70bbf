"""PARENT: what became of a job."""

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
"""What is known of a target, as `Outcome.facts` names it and as `shown` keeps it."""


@dataclass(frozen=True)
class Outcome:
    """A job that ended.

    Args:
        job: as planned.
        status: as in its run.json, or ``same`` for one with the config of an earlier job.
        error: one line, None where there was none.
        metrics: of the trained model on the validation rows.
        epochs: that were trained.
        seconds: that fitting took.
        targets: size and latency of each, as in run.json.
        shared: the run whose training it has, None where it is its own.
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
        return self.status in (*GOOD, "same")

    @property
    def failed(self) -> bool:
        """One that was pruned has no result, and no fault."""
        return not self.good and self.status != "pruned"

    @property
    def at_fault(self) -> bool:
        """One that failed by itself, not because the user stopped the sweep."""
        return self.failed and self.status != "interrupted"

    @property
    def facts(self) -> dict[str, float]:
        """All that jobs may be compared by: metrics, then ``onnx.latency`` (milliseconds), ``onnx.size`` (bytes) …"""
        known = {
            f"{name}.{fact}": target[field]
            for name, target in self.targets.items()
            for fact, field in FACTS.items()
            if target[field] is not None
        }
        return {**self.metrics, **known}

    @classmethod
    def of(cls, job: Job, summary: Mapping[str, Any], *, error: str | None = None, kept: bool = False) -> Outcome:
        """From a run's summary, which may have come only so far."""
        trained = summary.get("train") or {}
        fitted = [timing["seconds"] for timing in trained.get("laps", ()) if timing["name"] == "fit"]
        return cls(
            job,
            summary.get("status", "failed"),
            error,
            dict(trained.get("metrics", {})),
            trained.get("epochs"),
            round(sum(fitted), 3) if trained else None,
            {name: shown(target) for name, target in (summary.get("targets") or {}).items()},
            origin(RunDir(Path(job.folder))),
            kept,
        )


def repeated(first: Outcome, job: Job) -> Outcome:
    """The outcome of a job with the config of an earlier one."""
    return replace(first, job=job, status="same" if first.good else first.status)


def shown(target: Mapping[str, Any]) -> dict[str, Any]:
    latency = target.get("latency") or {}
    return {
        "status": target["status"],
        "bytes": target.get("bytes"),
        "milliseconds": round(latency["1"] * 1000, 4) if "1" in latency else None,
    }
