"""What became of a job, and how jobs compare."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from factory.core.rundir import RunDir
from factory.sweep.plan import Job
from factory.sweep.reuse import origin
from factory.sweep.seeds import but_for_the_seed, candidates
from factory.sweep.settings import Settings

GOOD = ("published", "trained")
FACTS = {"latency": "milliseconds", "size": "bytes"}
"""What is known of a target, as `Outcome.facts` names it and as `shown` keeps it."""

HIGHER_IS_BETTER = re.compile(r"acc|auc|precision|recall|f1|fbeta|score|iou|r2|cosine|correlation|specificity", re.I)
LONG_NUMBER = re.compile(r"-?\d+\.\d{5,}(e[+-]?\d+)?")


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
        fitted = [lap["seconds"] for lap in trained.get("laps", ()) if lap["name"] == "fit"]
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


@dataclass(frozen=True)
class Aim:
    """What the leaderboard is sorted by.

    Args:
        metric: name of a metric, ``auto`` for the first one, else the loss.
        mode: ``max``, ``min``, ``auto`` for what the metric's name says.
    """

    metric: str
    mode: str

    @classmethod
    def of(cls, settings: Settings) -> Aim:
        return cls(settings.metric, settings.mode)

    def name(self, metrics: Mapping[str, float]) -> str:
        if self.metric != "auto":
            return self.metric
        named = (name for name in metrics if "." not in name)
        return next((name for name in named if name != "loss" and not name.endswith("_loss")), "loss")

    def higher(self, name: str) -> bool:
        """Whether more of this metric is better."""
        if self.mode == "auto":
            return "." not in name and HIGHER_IS_BETTER.search(name) is not None
        return self.mode == "max"

    def value(self, metrics: Mapping[str, float]) -> float | None:
        return metrics.get(self.name(metrics))

    def loss(self, metrics: Mapping[str, float]) -> tuple[float, float]:
        """Sorts: the lower the better; what has no such metric comes last; ties are broken by the loss."""
        value = self.value(metrics)
        if value is None or value != value:
            return (float("inf"), float("inf"))
        return (-value if self.higher(self.name(metrics)) else value, metrics.get("loss", 0.0))


def ranked(outcomes: Sequence[Outcome], aim: Aim) -> list[Outcome]:
    """The good ones, best first, those that differ in the seed alone by their mean; then the others by number."""
    good = [outcome for outcome in outcomes if outcome.good and outcome.metrics]
    other = [outcome for outcome in outcomes if not (outcome.good and outcome.metrics)]
    means = {one.words: (aim.loss(one.mean), one.first.job.number) for one in candidates(good)}

    def order(outcome: Outcome) -> tuple[Any, ...]:
        return *means[but_for_the_seed(outcome.job.overrides)], aim.loss(outcome.facts), outcome.job.number

    return [
        *sorted(good, key=order),
        *sorted(other, key=lambda outcome: outcome.job.number),
    ]


def varied(jobs: Sequence[Job]) -> list[str]:
    """Keys of the overrides in which jobs differ, in the order they were given."""
    common = set.intersection(*(set(job.overrides) for job in jobs)) if jobs else set()
    keys = (key_of(word) for job in jobs for word in job.overrides if word not in common)
    return list(dict.fromkeys(keys))


def values(job: Job, keys: Sequence[str]) -> dict[str, str]:
    """What a job sets these keys to."""
    found = {key_of(word): word.partition("=")[2] for word in job.overrides}
    return {key: found[key] for key in keys if key in found}


def label(job: Job, keys: Sequence[str]) -> str:
    """A job in a few words: ``job 3 train.backend=jax``."""
    return " ".join([f"job {job.number}", *(f"{key}={short(value)}" for key, value in values(job, keys).items())])


def short(value: str) -> str:
    """A number that a search chose, with as many digits as one reads."""
    return f"{float(value):.4g}" if LONG_NUMBER.fullmatch(value) else value


def key_of(word: str) -> str:
    return word.partition("=")[0].lstrip("+~")
