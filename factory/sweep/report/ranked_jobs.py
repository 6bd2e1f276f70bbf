"""PARENT: the ranking that a sweep's charts draw: jobs with a value of the sweep's metric, the best first."""

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

FEW = 5  # jobs below which all are drawn to scale
LONGEST_NUMBER, LONGEST_VALUE, LONGEST_LABEL = 8, 60, 120  # characters; leaderboard.csv holds all of them
FEW_LINES = 24  # up to which even the weakest line is drawn clearly
FARTHEST = 10  # times the median's distance from the best: values beyond are drawn at the end of their axis


@dataclass(frozen=True)
class RankedJobs:
    """The jobs of a sweep that have a finite value of its metric, ranked.

    Args:
        metric: name of the metric.
        higher: whether more is better.
        keys: keys of the swept overrides.
        jobs: their outcomes, the best first; each config once.
    """

    metric: str
    higher: bool
    keys: Sequence[str]
    jobs: Sequence[Outcome]

    @classmethod
    def of(cls, order: Sequence[Outcome], aim: Aim, keys: Sequence[str]) -> RankedJobs | None:
        """Rank outcomes by the metric of the best one; None where no job has a finite value.

        Args:
            order: every outcome, the best first.
            aim: the metric and its direction.
            keys: keys of the swept overrides.
        """
        good = [job for job in order if job.good and job.metrics and job.status != "same"]
        metric = aim.name(good[0].facts) if good else ""
        jobs = [job for job in good if math.isfinite(job.facts.get(metric, math.nan))]
        return cls(metric, aim.higher(metric), keys, jobs) if jobs else None

    @property
    def values(self) -> list[float]:
        """Return the metric of each job, the best first."""
        return [job.facts[self.metric] for job in self.jobs]

    @property
    def ends(self) -> tuple[float, float]:
        """Return the ends of the metric's axis: the worst value that is drawn to scale, and the best."""
        values = self.values
        best, median, worst = values[0], values[len(values) // 2], values[-1]
        farthest = best + FARTHEST * (median - best)
        beyond = len(values) >= FEW and median != best and abs(worst - best) > abs(farthest - best)
        return (farthest if beyond else worst), best

    @property
    def beyond(self) -> int:
        """Return the number of jobs worse than the end of the axis."""
        worst, best = self.ends
        return sum(abs(value - best) > abs(worst - best) for value in self.values)

    def label(self, outcome: Outcome) -> str:
        """Return a job's label, cut to `LONGEST_LABEL` characters."""
        return shortened(called(outcome.job, self.keys), LONGEST_LABEL)

    def better(self, one: float, other: float) -> bool:
        """Return whether one value of the metric is better than another."""
        return one > other if self.higher else one < other


def called(job: Job, keys: Sequence[str]) -> str:
    """Return a job's label with its swept values, long ones shortened."""
    return " ".join([f"job {job.number}", *(f"{key}={spoken(value)}" for key, value in values(job, keys).items())])


def spoken(word: str) -> str:
    """Return a value as it was typed, shortened where it is long.

    >>> spoken("0.0046829058347361415"), spoken("[64,32]")
    ('0.0046829', '[64,32]')
    """
    value = number(word)
    if value is not None:
        return word if len(word) <= LONGEST_NUMBER else f"{value:.5g}"
    return shortened(word, LONGEST_VALUE)


def sample(jobs: Sequence[Outcome], most: int) -> list[Outcome]:
    """Return at most ``most`` of ranked jobs: one half the best, the other half evenly spread over the rest."""
    if len(jobs) <= most:
        return list(jobs)
    top, rest = jobs[: most // 2], jobs[most // 2 :]
    room = most - len(top)
    return [*top, *(rest[index * len(rest) // room] for index in range(room))]


def facts_of(ranked: RankedJobs, jobs: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Return the fields of each job that charts show: number ``j``, label, metric and strength.

    The strength is 1 for the best job and 0 for the worst; it falls the faster the more jobs there are.
    """
    power = max(1.0, math.log2(len(ranked.jobs) / 8))
    last = max(1, len(ranked.jobs) - 1)
    strengths = {o.job.number: round((1 - rank / last) ** power, 3) for rank, o in enumerate(ranked.jobs)}
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
    """Return the Vega-Lite transform that joins these facts to points by the job's number ``j``."""
    fields = [name for name in facts[0] if name != "j"]
    return [{"lookup": "j", "from": {"data": {"values": facts}, "key": "j", "fields": fields}}]


def hovering() -> list[dict[str, Any]]:
    """Return the Vega-Lite parameter ``hovered``: the job whose line is under the pointer."""
    return [{"name": "hovered", "select": {"type": "point", "fields": ["j"], "on": "pointerover"}}]


HOVERED = {"param": "hovered", "empty": False}


def marked(ranked: RankedJobs, usual: float, *others: Mapping[str, Any]) -> dict[str, Any]:
    """Return the encoding of colour, width and opacity of a job's line.

    The better a job, the stronger its line; the best is orange, the one under the pointer green.

    Args:
        ranked: all jobs.
        usual: width of a line in pixels.
        others: further conditions of the colour.
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
    """Return a note on jobs that a chart leaves out or does not draw to scale; empty where there are none."""
    words = []
    if ranked.beyond:
        words.append(f"{ranked.beyond} far behind the others are drawn at the end of the axis")
    if len(jobs) < len(ranked.jobs):
        words.append(f"{len(jobs):,} of {len(ranked.jobs):,} jobs are drawn, the best {len(jobs) // 2:,} and a sample")
    return "".join(f"; {word}" for word in words)
