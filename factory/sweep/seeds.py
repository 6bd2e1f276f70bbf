"""PARENT: jobs that differ in the seed alone are one candidate: its figures are means, with their spread."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from factory.sweep.outcome import Outcome


@dataclass(frozen=True)
class Candidate:
    """One config under several seeds, or under its own.

    Args:
        outcomes: good ones with metrics, one for each seed, at least one, by number of the job.
    """

    outcomes: tuple[Outcome, ...]

    @property
    def first(self) -> Outcome:
        return self.outcomes[0]

    @property
    def words(self) -> tuple[str, ...]:
        return but_for_the_seed(self.first.job.overrides)

    @cached_property
    def mean(self) -> dict[str, float]:
        """Of each fact that all of them have."""
        return {name: statistics.fmean(values) for name, values in self.values().items()}

    @cached_property
    def spread(self) -> dict[str, float]:
        """Sample standard deviation of each fact; nothing where there is one seed."""
        if len(self.outcomes) == 1:
            return {}
        return {name: deviation(values) for name, values in self.values().items()}

    def values(self) -> dict[str, list[float]]:
        shared = [name for name in self.first.facts if all(name in outcome.facts for outcome in self.outcomes)]
        return {name: [outcome.facts[name] for outcome in self.outcomes] for name in shared}


def candidates(outcomes: Sequence[Outcome]) -> list[Candidate]:
    """The good ones of these, put together, in the order of their first job."""
    found: dict[tuple[str, ...], dict[tuple[str, ...], Outcome]] = {}
    for outcome in sorted(outcomes, key=lambda outcome: outcome.job.number):
        if outcome.good and outcome.metrics:
            words = outcome.job.overrides
            found.setdefault(but_for_the_seed(words), {}).setdefault(words, outcome)  # a search may repeat itself
    return [Candidate(tuple(group.values())) for group in found.values()]


def deviation(values: Sequence[float]) -> float:
    """Sample standard deviation; of what is not finite there is none (statistics, Python 3.11, stumbles over it)."""
    return statistics.stdev(values) if all(map(math.isfinite, values)) else math.nan


def but_for_the_seed(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(word for word in words if not word.startswith("seed="))
