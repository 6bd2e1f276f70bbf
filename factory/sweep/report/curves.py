"""PARENT: the learning curves of a sweep's trainings in one chart, as Vega-Lite."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from factory.core.errors import ConfigError
from factory.core.printable import tell
from factory.core.rundir import RunDir
from factory.report.charts import Chart, axis, spec_of, thinned
from factory.report.facts import read_history
from factory.sweep.outcome import Outcome
from factory.sweep.record import SweepRecord
from factory.sweep.report.ranked_jobs import HOVERED, RankedJobs, facts_of, hovering, looked_up, marked, sample

MOST_CURVES = 120
MOST_POINTS = 9000  # of all curves of one chart
COLOURS = 6  # curves that a legend can tell apart
DIVERGED = 10  # times the 90th percentile; beyond it values are cut off

Epochs = Sequence[Mapping[str, float]]


def curves(sweep: SweepRecord, ranked: RankedJobs) -> list[Chart]:
    """Return charts of the metric and the loss on the validation rows, a line for each training, finished or not."""
    own = [job for job in ranked.jobs if not job.shared]
    broken = [o for o in sweep.outcomes if not o.good and o.status != "same" and not o.job.fault and not o.shared]
    drawn = [*sample(own, MOST_CURVES), *broken[:MOST_CURVES]]
    found = [(job, rows) for job in drawn if (rows := history_of(job))]
    names = dict.fromkeys((ranked.metric, "loss"))
    left = f"; {MOST_CURVES} of {len(own)} trainings are drawn" if len(own) > MOST_CURVES else ""
    return [chart for name in names if (chart := overlaid(ranked, name, found, left))]


def history_of(job: Outcome) -> Epochs:
    """Read the epochs of a job; for an invalid file, print the problem and return none."""
    try:
        return read_history(RunDir(Path(job.job.folder)).history)
    except ConfigError as error:
        tell(str(error))
        return []


def overlaid(ranked: RankedJobs, metric: str, found: Sequence[tuple[Outcome, Epochs]], left: str) -> Chart | None:
    """Return the chart of one metric for all trainings; None where none has it.

    Few trainings have a colour each; many are drawn the stronger the better they are.

    Args:
        ranked: all jobs, by which many lines are coloured.
        metric: name of the metric.
        found: jobs and their epochs.
        left: remark on trainings that are not drawn.
    """
    name = next((name for name in (f"val_{metric}", metric) if any(name in rows[-1] for _, rows in found)), None)
    if name is None:
        return None
    most = max(20, MOST_POINTS // len(found))
    told = [(job, [row for row in rows if name in row]) for job, rows in found]
    points = [
        {"j": job.job.number, "e": int(row["epoch"]), "v": float(f"{row[name]:.5g}")}
        for job, rows in reversed(told)  # the best one last, over the others
        for row in thinned(rows, most)
    ]
    known = [
        {**fact, "name": f"job {fact['j']}", "ended": job.good}
        for (job, _), fact in zip(told, facts_of(ranked, [job for job, _ in told]), strict=True)
    ]
    rows = "validation rows" if name.startswith("val_") else "training rows"
    return Chart(
        f"{metric} on the {rows}",
        plot(ranked, points, known),
        ("job", "epochs", "lowest", "highest", "last"),
        [summary(ranked, job, name, rows) for job, rows in told if rows],
        "".join(legend(known, points)) + left,
    )


def legend(facts: Sequence[Mapping[str, Any]], points: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the parts of the note that explains the lines."""
    yield "a line a training"
    if len(facts) > COLOURS:
        yield ", the better the stronger; orange: the best"
    if not all(fact["ended"] for fact in facts):
        yield "; dashed: did not end well"
    if limited([point["v"] for point in points]):
        yield "; the highest values are cut off"


def summary(ranked: RankedJobs, job: Outcome, name: str, rows: Epochs) -> list[str]:
    """Return a training's table row: job, number of epochs, lowest, highest and last value of a metric."""
    values = [row[name] for row in rows]
    return [
        ranked.label(job),
        str(int(rows[-1]["epoch"])),
        *(f"{v:.5g}" for v in (min(values), max(values), values[-1])),
    ]


def plot(ranked: RankedJobs, points: Sequence[Mapping[str, Any]], known: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the Vega-Lite specification of the curves.

    Args:
        ranked: all jobs, by which many lines are coloured.
        points: job number ``j``, epoch ``e``, value ``v``.
        known: facts of each job that is drawn.
    """
    epochs = sorted({point["e"] for point in points})
    ticks = {"format": "d", "tickMinStep": 1, **({"values": epochs} if len(epochs) <= 10 else {})}
    few = len(known) <= COLOURS
    encoding: dict[str, Any] = {
        "x": axis("e", "quantitative", "epoch", axis=ticks, scale={"zero": False, "nice": False}),
        "y": axis("v", "quantitative", scale={"zero": False, **limited([point["v"] for point in points])}),
        "detail": {"field": "j"},
        "strokeDash": {"condition": {"test": "datum.ended", "value": [1, 0]}, "value": [4, 3]},
        "tooltip": [axis("job", "nominal"), axis("e", "quantitative", "epoch"), axis("v", "quantitative", "value")],
    }
    if few:
        names = sorted((fact["name"] for fact in known), key=lambda name: int(name.split()[1]))
        encoding["color"] = axis("name", "nominal", sort=None, scale={"domain": names})
        encoding["strokeWidth"] = {"condition": {**HOVERED, "value": 4}, "value": 2}
    else:
        encoding |= marked(ranked, 1.3, {"test": "!datum.ended", "value": "$six"})
    return spec_of(
        points,
        260,
        transform=looked_up(known),
        params=hovering(),
        mark={"type": "line", "clip": True, "point": few and len(epochs) <= 40},
        encoding=encoding,
    )


def limited(values: Sequence[float]) -> dict[str, Any]:
    """Return the upper limit of the axis where a diverging training would make all others unreadable; else nothing."""
    ordered = sorted(values)
    most = ordered[int(0.9 * (len(ordered) - 1))]
    return {"domainMax": most * 2} if ordered[-1] > DIVERGED * most > 0 else {}
