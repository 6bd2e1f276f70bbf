"""PARENT: the jobs of a sweep by what the sweep was for: a value for each, the best first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from factory.report.charts import axis
from factory.sweep.labels import values
from factory.sweep.outcome import Outcome
from factory.sweep.plan import Job
from factory.sweep.ranking import Aim
from factory.sweep.report.axes import number, shortened

FEW = 5  # jobs that are all shown to scale
LONGEST_NUMBER, LONGEST_VALUE, LONGEST_LABEL = 8, 60, 120  # characters; leaderboard.csv holds all of them
FEW_LINES = 24  # that are all to be seen
FARTHEST = 10  # times as far from the best as the median is: what lies beyond is drawn at the end of its axis


@dataclass(frozen=True)
class RankedJobs:
    """Jobs with a finite value of one metric.

    Args:
        metric: its name.
        higher: whether more is better.
        keys: what was swept.
        jobs: best first; each config once.
    """

    metric: str
    higher: bool
    keys: Sequence[str]
    jobs: Sequence[Outcome]

    @classmethod
    def of(cls, order: Sequence[Outcome], aim: Aim, keys: Sequence[str]) -> RankedJobs | None:
        """By the metric of the best job; None where no job has one.

        Args:
            order: every outcome, the best first.
            aim: what is best.
            keys: what was swept.
        """
        good = [job for job in order if job.good and job.metrics and job.status != "same"]
        metric = aim.name(good[0].facts) if good else ""
        jobs = [job for job in good if math.isfinite(job.facts.get(metric, math.nan))]
        return cls(metric, aim.higher(metric), keys, jobs) if jobs else None

    @property
    def values(self) -> list[float]:
        return [job.facts[self.metric] for job in self.jobs]

    @property
    def ends(self) -> tuple[float, float]:
        """The worst value that is told from those beyond it, and the best: where axes end."""
        values = self.values
        best, median, worst = values[0], values[len(values) // 2], values[-1]
        farthest = best + FARTHEST * (median - best)
        beyond = len(values) >= FEW and median != best and abs(worst - best) > abs(farthest - best)
        return (farthest if beyond else worst), best

    @property
    def beyond(self) -> int:
        """Jobs worse than the end of the axes."""
        worst, best = self.ends
        return sum(abs(value - best) > abs(worst - best) for value in self.values)

    def label(self, outcome: Outcome) -> str:
        return shortened(called(outcome.job, self.keys), LONGEST_LABEL)

    def better(self, one: float, other: float) -> bool:
        return one > other if self.higher else one < other


def called(job: Job, keys: Sequence[str]) -> str:
    """A job in a few words, without the digits that nobody reads."""
    return " ".join([f"job {job.number}", *(f"{key}={spoken(value)}" for key, value in values(job, keys).items())])


def spoken(word: str) -> str:
    """A value as it was typed, but for what is too long to be read.

    >>> spoken("0.0046829058347361415"), spoken("[64,32]")
    ('0.0046829', '[64,32]')
    """
    value = number(word)
    if value is not None:
        return word if len(word) <= LONGEST_NUMBER else f"{value:.5g}"
    return shortened(word, LONGEST_VALUE)


def sample(jobs: Sequence[Outcome], most: int) -> list[Outcome]:
    """At most so many: the best half of them, then evenly spread over the others."""
    if len(jobs) <= most:
        return list(jobs)
    top, rest = jobs[: most // 2], jobs[most // 2 :]
    room = most - len(top)
    return [*top, *(rest[place * len(rest) // room] for place in range(room))]


def facts_of(ranked: RankedJobs, jobs: Sequence[Outcome]) -> list[dict[str, Any]]:
    """What charts say of each job; its strength is 1 for the best, and the fainter the more jobs there are."""
    power = max(1.0, math.log2(len(ranked.jobs) / 8))
    last = max(1, len(ranked.jobs) - 1)
    strengths = {o.job.number: round((1 - place / last) ** power, 3) for place, o in enumerate(ranked.jobs)}
    return [
        {
            "j": job.job.number,
            "job": ranked.label(job),
            "value": job.facts.get(ranked.metric),
            "strength": strengths.get(job.job.number, 0),
        }
        for job in jobs
    ]


def looked_up(facts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The transform that puts these beside a line's points."""
    fields = [name for name in facts[0] if name != "j"]
    return [{"lookup": "j", "from": {"data": {"values": facts}, "key": "j", "fields": fields}}]


def hovering() -> list[dict[str, Any]]:
    """The parameter ``hovered``: the job whose line the pointer is on."""
    return [{"name": "hovered", "select": {"type": "point", "fields": ["j"], "on": "pointerover"}}]


HOVERED = {"param": "hovered", "empty": False}


def marked(ranked: RankedJobs, usual: float, *others: Mapping[str, Any]) -> dict[str, Any]:
    """Colour, width and opacity of a line a job: the better the stronger, the best orange, the one pointed at green.

    Args:
        usual: width, pixels.
        others: conditions of the colour.
    """
    best = {"test": f"datum.j === {ranked.jobs[0].job.number}"}
    faintest = max(0.25, min(0.9, 30 / len(ranked.jobs)))
    weakest = "$line" if len(ranked.jobs) > FEW_LINES else "$muted"
    ramp = {"domain": [0, 1], "range": [weakest, "$one"], "interpolate": "rgb"}
    conditions = [{**HOVERED, "value": "$three"}, {**best, "value": "$two"}, *others]
    return {
        "color": {"condition": conditions, **axis("strength", "quantitative", scale=ramp, legend=None)},
        "strokeWidth": {"condition": [{**HOVERED, "value": 4}, {**best, "value": 2.8}], "value": usual},
        "opacity": {
            "condition": [{**HOVERED, "value": 1}, {**best, "value": 1}, *({**o, "value": 0.8} for o in others)],
            **axis("strength", "quantitative", scale={"domain": [0, 1], "range": [faintest, 1]}, legend=None),
        },
    }


def left_out(ranked: RankedJobs, jobs: Sequence[Outcome]) -> str:
    """What the picture does not show as it is, in words."""
    words = []
    if ranked.beyond:
        words.append(f"{ranked.beyond} far behind the others are drawn at the end of the axis")
    if len(jobs) < len(ranked.jobs):
        words.append(f"{len(jobs):,} of {len(ranked.jobs):,} jobs are drawn, the best {len(jobs) // 2:,} and a sample")
    return "".join(f"; {word}" for word in words)
