"""PARENT: the parallel coordinates of a sweep, swept values against the metric, as a Vega-Lite chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from factory.report.charts import Chart, axis, spec_of
from factory.sweep.labels import values
from factory.sweep.outcome import Outcome
from factory.sweep.report.axes import UNSET, Axis, Scale, axis_of
from factory.sweep.report.ranked_jobs import RankedJobs, facts_of, hovering, left_out, looked_up, marked, sample

MOST_LINES = 500  # jobs
AXIS_WIDTH = 96  # least width of an axis, pixels; a narrower page scrolls


def swept(ranked: RankedJobs) -> Chart | None:
    """Return the chart with an axis for each swept key and the metric on the right; None where nothing was swept."""
    if not ranked.keys or len(ranked.jobs) < 2:
        return None
    jobs = sample(ranked.jobs, MOST_LINES)
    words = {job.job.number: values(job.job, ranked.keys) for job in jobs}
    in_order = [words[number] for number in sorted(words)]
    axes = {key: axis_of([found.get(key, UNSET) for found in in_order]) for key in ranked.keys}
    metric = Scale(*ranked.ends)
    lines = []
    for rank, job in reversed(list(enumerate(jobs))):  # the best is drawn last, over the others
        fan = 0.5 - rank / (len(jobs) - 1)
        set_to = words[job.job.number]
        at = [axes[key].positions[set_to.get(key, UNSET)] + fan * axes[key].fan for key in ranked.keys]
        at.append(metric.position(job.facts[ranked.metric]))
        lines += [{"j": job.job.number, "x": x, "y": round(y, 4)} for x, y in enumerate(at)]
    return Chart(
        f"{ranked.metric} of {len(ranked.jobs):,} jobs",
        coordinates(ranked, jobs, lines, {**axes, ranked.metric: Axis({}, metric.ticks())}),
        (),
        (),
        f"a line a job, the better the stronger; orange: the best{left_out(ranked, jobs)}",
        narrowest=AXIS_WIDTH * (len(axes) + 1),
    )


def coordinates(
    ranked: RankedJobs, jobs: Sequence[Outcome], lines: list[dict[str, Any]], axes: Mapping[str, Axis]
) -> dict[str, Any]:
    """Return the Vega-Lite specification: a line for each job, axes, tick labels and titles.

    Args:
        ranked: all jobs, by which the lines are coloured.
        jobs: the jobs that are drawn.
        lines: points of the lines: job number ``j``, axis number ``x``, position ``y``.
        axes: title → axis, from left to right.
    """
    titles = list(axes)
    last = len(titles) - 1
    x = axis("x", "quantitative", axis=None, scale={"domain": [-0.12, last + 0.55], "nice": False, "zero": False})
    y = axis("y", "quantitative", axis=None, scale={"domain": [-0.1, 1.1], "nice": False})
    axes_encoding: dict[str, Any] = {"x": x, "y": y}
    ends: list[dict[str, Any]] = [{"x": x, "y": -0.08, "y2": 1.08} for x in range(last + 1)]
    ticks = [{"x": x, "y": at, "words": text} for x, one in enumerate(axes.values()) for at, text in one.ticks]
    names = [{"x": x, "y": 1.1, "words": wrapped(title)} for x, title in enumerate(titles)]
    tick = {"align": "left", "dx": 7, "fontSize": 11}
    title = {"align": "left", "baseline": "bottom", "dy": -6, "dx": -4, "fontSize": 11, "lineHeight": 13}
    line: dict[str, Any] = {
        "data": {"values": lines},
        "transform": looked_up(facts_of(ranked, jobs)),
        "mark": {"type": "line", "interpolate": "monotone", "strokeCap": "round"},
        "params": hovering(),
        "encoding": {
            **axes_encoding,
            "detail": {"field": "j"},
            **marked(ranked, 1.6),
            "tooltip": [axis("job", "nominal", "job"), axis("value", "quantitative", ranked.metric, format=".5g")],
        },
    }
    rule: dict[str, Any] = {
        "data": {"values": ends},
        "mark": {"type": "rule", "color": "$muted", "strokeWidth": 1},
        "encoding": {**axes_encoding, "y2": {"field": "y2"}},
    }
    words: dict[str, Any] = {**axes_encoding, "text": {"field": "words"}}
    halo = {"type": "text", **tick, "stroke": "$surface", "strokeWidth": 4, "strokeJoin": "round", "fill": "$surface"}
    layers = [
        line,
        rule,
        {"data": {"values": ticks}, "mark": halo, "encoding": words},
        {"data": {"values": ticks}, "mark": {"type": "text", **tick, "color": "$ink"}, "encoding": words},
        {"data": {"values": names}, "mark": {"type": "text", **title, "color": "$muted"}, "encoding": words},
    ]
    spec = spec_of([], 340, layer=layers, padding={"top": 30, "left": 5, "right": 5, "bottom": 5})
    return {key: value for key, value in spec.items() if key != "data"}


def wrapped(title: str) -> list[str]:
    """Return a title such as ``optimizer.learning_rate`` as two lines, broken after the last dot."""
    head, dot, last = title.rpartition(".")
    return [head + dot, last] if dot else ["", title]
