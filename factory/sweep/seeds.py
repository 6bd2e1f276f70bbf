"""PARENT: candidates of a sweep: jobs that differ only in seed or fold, with the mean and spread of their results."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from factory.sweep.labels import values
from factory.sweep.outcome import Outcome

REPEATS = {"seed": "seeds", "data.split.fold": "folds"}
"""Key of an override in which jobs of one candidate may differ → the word for several."""


@dataclass(frozen=True)
class Candidate:
    """A config run under one or several seeds, or on one or several folds.

    Args:
        outcomes: successful outcomes with metrics, one for each seed and fold, at least one, by number of the job.
    """

    outcomes: tuple[Outcome, ...]

    @property
    def first(self) -> Outcome:
        """Return the outcome of the job with the lowest number."""
        return self.outcomes[0]

    @property
    def words(self) -> tuple[str, ...]:
        """Return the overrides that all jobs of the candidate have, which is all but seed and fold."""
        return but_for_repeats(self.first.job.overrides)

    @cached_property
    def mean(self) -> dict[str, float]:
        """Return the mean of each fact that all outcomes have."""
        return {name: statistics.fmean(values) for name, values in self.values().items()}

    @cached_property
    def spread(self) -> dict[str, float]:
        """Return the sample standard deviation of each fact that all outcomes have; empty for a single one."""
        if len(self.outcomes) == 1:
            return {}
        return {name: deviation(values) for name, values in self.values().items()}

    def values(self) -> dict[str, list[float]]:
        """Return fact → its value in each outcome, for facts that all outcomes have."""
        shared = [name for name in self.first.facts if all(name in outcome.facts for outcome in self.outcomes)]
        return {name: [outcome.facts[name] for outcome in self.outcomes] for name in shared}


def candidates(outcomes: Sequence[Outcome]) -> list[Candidate]:
    """Group the successful outcomes into candidates, in the order of their first job."""
    found: dict[tuple[str, ...], dict[tuple[str, ...], Outcome]] = {}
    for outcome in sorted(outcomes, key=lambda outcome: outcome.job.number):
        if outcome.good and outcome.metrics:
            words = outcome.job.overrides
            found.setdefault(but_for_repeats(words), {}).setdefault(words, outcome)  # a search may repeat a trial
    return [Candidate(tuple(group.values())) for group in found.values()]


def deviation(values: Sequence[float]) -> float:
    """Return the sample standard deviation; NaN where a value is not finite, on which Python 3.11's stdev raises."""
    return statistics.stdev(values) if all(map(math.isfinite, values)) else math.nan


def but_for_repeats(words: Sequence[str]) -> tuple[str, ...]:
    """Return overrides without ``seed=…`` and ``data.split.fold=…``."""
    return tuple(word for word in words if word.partition("=")[0] not in REPEATS)


def repeated(groups: Iterable[Candidate]) -> str | None:
    """Return the word for what the jobs of a candidate differ in, ``runs`` for both; None where each has one job."""
    many = [candidate for candidate in groups if len(candidate.outcomes) > 1]
    words = [
        word
        for key, word in REPEATS.items()
        if any(len({values(outcome.job, [key]).get(key) for outcome in one.outcomes}) > 1 for one in many)
    ]
    return None if not words else words[0] if len(words) == 1 else "runs"
