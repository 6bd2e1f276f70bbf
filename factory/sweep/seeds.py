"""PARENT: candidates of a sweep: jobs that differ only in their seed, with the mean and spread of their results."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from factory.sweep.outcome import Outcome


@dataclass(frozen=True)
class Candidate:
    """A config run under one or several seeds.

    Args:
        outcomes: successful outcomes with metrics, one for each seed, at least one, by number of the job.
    """

    outcomes: tuple[Outcome, ...]

    @property
    def first(self) -> Outcome:
        """Return the outcome of the job with the lowest number."""
        return self.outcomes[0]

    @property
    def words(self) -> tuple[str, ...]:
        """Return the overrides that all jobs of the candidate have, which is all but the seed."""
        return but_for_the_seed(self.first.job.overrides)

    @cached_property
    def mean(self) -> dict[str, float]:
        """Return the mean of each fact that all outcomes have."""
        return {name: statistics.fmean(values) for name, values in self.values().items()}

    @cached_property
    def spread(self) -> dict[str, float]:
        """Return the sample standard deviation of each fact that all outcomes have; empty for a single seed."""
        if len(self.outcomes) == 1:
            return {}
        return {name: deviation(values) for name, values in self.values().items()}

    def values(self) -> dict[str, list[float]]:
        """Return fact → its value under each seed, for facts that all outcomes have."""
        shared = [name for name in self.first.facts if all(name in outcome.facts for outcome in self.outcomes)]
        return {name: [outcome.facts[name] for outcome in self.outcomes] for name in shared}


def candidates(outcomes: Sequence[Outcome]) -> list[Candidate]:
    """Group the successful outcomes into candidates, in the order of their first job."""
    found: dict[tuple[str, ...], dict[tuple[str, ...], Outcome]] = {}
    for outcome in sorted(outcomes, key=lambda outcome: outcome.job.number):
        if outcome.good and outcome.metrics:
            words = outcome.job.overrides
            found.setdefault(but_for_the_seed(words), {}).setdefault(words, outcome)  # a search may repeat a trial
    return [Candidate(tuple(group.values())) for group in found.values()]


def deviation(values: Sequence[float]) -> float:
    """Return the sample standard deviation; NaN where a value is not finite, on which Python 3.11's stdev raises."""
    return statistics.stdev(values) if all(map(math.isfinite, values)) else math.nan


def but_for_the_seed(words: Sequence[str]) -> tuple[str, ...]:
    """Return overrides without ``seed=…``."""
    return tuple(word for word in words if not word.startswith("seed="))
