"""PARENT: the trade-off charts of a sweep: its metric against latency, size and training time, with Pareto fronts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from factory.report.charts import Chart, axis, spec_of
from factory.sweep.outcome import Outcome
from factory.sweep.report.axes import decades
from factory.sweep.report.ranked_jobs import RankedJobs, facts_of, left_out, looked_up, sample

MOST_DOTS = 500  # jobs of one chart
MOST_ON_FRONT = 150  # dots
MANY = 200  # dots from which they are drawn fainter
RATIO = 30  # largest cost over smallest from which its axis is logarithmic

Dot = dict[str, Any]
Cost = Callable[[Outcome], Mapping[str, float | None]]
"""A function job → target → cost; a cost that belongs to no target has the empty name."""


def costs(ranked: RankedJobs) -> list[Chart]:
    """Return charts of the metric against latency, size and training time, of those costs that were measured."""

    def of_targets(what: str) -> Cost:
        return lambda job: {name: t[what] for name, t in job.targets.items() if t["status"] == "passed"}

    def fitting(job: Outcome) -> dict[str, float | None]:
        return {"": None if job.shared or job.kept else job.seconds}

    asked: list[tuple[str, str, Cost]] = [
        ("latency", "milliseconds, one row", of_targets("milliseconds")),
        ("size", "KiB", lambda job: {name: (size or 0) / 1024 for name, size in of_targets("bytes")(job).items()}),
        ("time of the training", "seconds", fitting),
    ]
    return [chart for name, unit, cost in asked if (chart := tradeoff(ranked, name, unit, cost))]


def tradeoff(ranked: RankedJobs, name: str, unit: str, cost: Cost) -> Chart | None:
    """Return a chart with a dot for each job and target, and a Pareto front for each target; None for under two dots.

    Args:
        ranked: the jobs, with their metric.
        name: of the cost.
        unit: of the cost.
        cost: returns the cost of a job by target.
    """
    dots: list[Dot] = [
        {"j": job.job.number, "target": target, "value": job.facts[ranked.metric], "cost": float(f"{amount:.4g}")}
        for job in ranked.jobs
        for target, amount in cost(job).items()
        if amount
    ]
    if len(dots) < 2:
        return None
    targets = list(dict.fromkeys(dot["target"] for dot in dots))
    fronts = {target: front(ranked, [dot for dot in dots if dot["target"] == target]) for target in targets}
    jobs = sample(ranked.jobs, MOST_DOTS)
    drawn = {job.job.number for job in jobs}
    each = ", for each target" if len(targets) > 1 else ""
    return Chart(
        f"{ranked.metric} against {name}",
        picture(ranked, unit, [dot for dot in dots if dot["j"] in drawn], fronts),
        ("target", "job", ranked.metric, unit),
        [row(ranked, dot) for found in fronts.values() for dot in found],
        f"the line joins jobs, named by number, that no other beats in both{each}{left_out(ranked, jobs)}",
    )


def row(ranked: RankedJobs, dot: Dot) -> list[str]:
    """Return a dot's table row: target, job, metric and cost."""
    job = next(job for job in ranked.jobs if job.job.number == dot["j"])
    return [dot["target"] or "-", ranked.label(job), f"{dot['value']:.5g}", f"{dot['cost']:.4g}"]


def front(ranked: RankedJobs, dots: Sequence[Dot]) -> list[Dot]:
    """Return the Pareto front of dots, the cheapest first; a very long one is thinned, its best dot is kept."""
    found: list[Dot] = []
    for dot in sorted(dots, key=lambda dot: (dot["cost"], -dot["value"] if ranked.higher else dot["value"])):
        if not found or ranked.better(dot["value"], found[-1]["value"]):
            found.append(dot)
    every = -(-len(found) // MOST_ON_FRONT)
    return [dot for index, dot in enumerate(found) if (len(found) - 1 - index) % every == 0]


def picture(ranked: RankedJobs, unit: str, dots: Sequence[Dot], fronts: Mapping[str, Sequence[Dot]]) -> dict[str, Any]:
    """Return the Vega-Lite specification: dots, fronts, and the job's number at both ends of each front."""
    coloured = len(fronts) > 1
    edge = [dot for found in fronts.values() for dot in found]
    axes: dict[str, Any] = encoded_axes(ranked, unit, [dot["cost"] for dot in (*dots, *edge)])
    colour = axis("target", "nominal", sort=None, scale={"domain": list(fronts)}) if coloured else {"value": "$one"}
    tooltip = [
        axis("job", "nominal"),
        *([axis("target", "nominal")] if coloured else []),
        axis("value", "quantitative", ranked.metric, format=".5g"),
        axis("cost", "quantitative", unit, format=",.4g"),
    ]
    named = [found[end] for found in fronts.values() for end in {0, len(found) - 1}]
    text = {"type": "text", "align": "left", "dx": 6, "dy": -7, "fontSize": 10.5, "color": "$muted"}
    marks: list[tuple[Sequence[Dot], dict[str, Any], dict[str, Any]]] = [
        (dots, {"type": "point", "size": 32, "opacity": 0.6 if len(dots) < MANY else 0.25}, {"tooltip": tooltip}),
        (edge, {"type": "line", "interpolate": "step-after", "strokeWidth": 1.6, "opacity": 0.8}, {}),
        (edge, {"type": "point", "size": 74, "opacity": 1, "stroke": "$surface"}, {"tooltip": tooltip}),
    ]
    layers: list[dict[str, Any]] = [
        {
            "data": {"values": shown},
            "transform": named_jobs(ranked, shown) if told else [],
            "mark": mark,
            "encoding": {**axes, "color": colour, **told},
        }
        for shown, mark, told in marks
    ]
    numbers: dict[str, Any] = {"data": {"values": named}, "mark": text, "encoding": {**axes, "text": {"field": "j"}}}
    spec = spec_of([], 280, layer=[*layers, numbers])
    return {key: value for key, value in spec.items() if key != "data"}


def named_jobs(ranked: RankedJobs, dots: Sequence[Dot]) -> list[dict[str, Any]]:
    """Return the Vega-Lite transform that joins dots to the labels of their jobs."""
    numbers = {dot["j"] for dot in dots}
    told = facts_of(ranked, [job for job in ranked.jobs if job.job.number in numbers])
    return looked_up([{"j": fact["j"], "job": fact["job"]} for fact in told])


def encoded_axes(ranked: RankedJobs, unit: str, amounts: Sequence[float]) -> dict[str, Any]:
    """Return the encoding of both axes; that of the cost is logarithmic where costs span much."""
    low, high = min(amounts), max(amounts)
    log = high / low > RATIO
    sides = {"type": "log", "nice": False, "padding": 12} if log else {"zero": False, "nice": True, "padding": 12}
    ticks = {"values": decades(low, high), "format": "~g"} if log else {}
    worst, best = sorted(ranked.ends)
    margin = (best - worst) * 0.06 or abs(best) * 0.01 or 1
    heights = {"domain": [worst - margin, best + margin], "clamp": True, "zero": False}
    return {
        "x": axis("cost", "quantitative", unit, scale=sides, axis=ticks),
        "y": axis("value", "quantitative", scale=heights),
    }
