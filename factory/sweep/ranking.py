"""PARENT: the ranking of a sweep's jobs: the metric they are compared by, their order, and the Pareto front."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from factory.core.scores import first_metric, higher_is_better
from factory.sweep.outcome import Outcome
from factory.sweep.seeds import but_for_repeats, candidates
from factory.sweep.settings import Settings


@dataclass(frozen=True)
class Aim:
    """The metric that jobs are ranked by, and its direction.

    Args:
        metric: name of a metric or a target's fact; ``auto`` for the first metric that is not a loss, else the loss.
        mode: ``max``, ``min``, or ``auto`` to derive it from the metric's name.
    """

    metric: str
    mode: str

    @classmethod
    def of(cls, settings: Settings) -> Aim:
        return cls(settings.metric, settings.mode)

    def name(self, metrics: Mapping[str, float]) -> str:
        """Return the name of the metric, with ``auto`` resolved among these."""
        if self.metric != "auto":
            return self.metric
        return first_metric({name: value for name, value in metrics.items() if "." not in name})

    def higher(self, name: str) -> bool:
        """Return whether more of this metric is better."""
        if self.mode == "auto":
            return "." not in name and higher_is_better(name)
        return self.mode == "max"

    def value(self, metrics: Mapping[str, float]) -> float | None:
        """Return the value of the metric; None where there is no such metric."""
        return metrics.get(self.name(metrics))

    def loss(self, metrics: Mapping[str, float]) -> tuple[float, float]:
        """Return a sort key, lower is better: the metric, then the loss; infinite for a missing metric or NaN."""
        value = self.value(metrics)
        if value is None or value != value:
            return (float("inf"), float("inf"))
        return (-value if self.higher(self.name(metrics)) else value, metrics.get("loss", 0.0))


def best_first(outcomes: Sequence[Outcome], aim: Aim) -> list[Outcome]:
    """Return successful outcomes best first, jobs that differ only in seed or fold by their mean; others by number."""
    good = [outcome for outcome in outcomes if outcome.good and outcome.metrics]
    other = [outcome for outcome in outcomes if not (outcome.good and outcome.metrics)]
    means = {candidate.words: (aim.loss(candidate.mean), candidate.first.job.number) for candidate in candidates(good)}

    def order(outcome: Outcome) -> tuple[Any, ...]:
        return *means[but_for_repeats(outcome.job.overrides)], aim.loss(outcome.facts), outcome.job.number

    return [
        *sorted(good, key=order),
        *sorted(other, key=lambda outcome: outcome.job.number),
    ]


def front(outcomes: Sequence[Outcome], aims: Sequence[Aim]) -> frozenset[int]:
    """Return the numbers of the jobs on the Pareto front: no other job is as good in every objective and better in one.

    The front is empty for a single objective, where the order says it all.
    """
    if len(aims) < 2:
        return frozenset()
    good = [outcome for outcome in outcomes if outcome.good and outcome.metrics]
    losses = {outcome.job.number: [aim.loss(outcome.facts)[0] for aim in aims] for outcome in good}
    return frozenset(
        number
        for number, own in losses.items()
        if all(map(isfinite, own))
        and not any(other != own and all(a <= b for a, b in zip(other, own, strict=True)) for other in losses.values())
    )
