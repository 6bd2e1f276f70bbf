"""PARENT: the order of a sweep's jobs: by what they are compared, which is best, and which no other beats."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from factory.sweep.outcome import Outcome
from factory.sweep.seeds import but_for_the_seed, candidates
from factory.sweep.settings import Settings

HIGHER_IS_BETTER = re.compile(r"acc|auc|precision|recall|f1|fbeta|score|iou|r2|cosine|correlation|specificity", re.I)


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


def best_first(outcomes: Sequence[Outcome], aim: Aim) -> list[Outcome]:
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


def front(outcomes: Sequence[Outcome], aims: Sequence[Aim]) -> frozenset[int]:
    """Numbers of the jobs that no other one beats: as good in every objective, and better in one.

    By a single objective the order says it all, and nobody is marked.
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
