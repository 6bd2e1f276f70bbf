"""PARENT: the Gantt chart of a run's timings, over all commands that worked on the run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from factory.report.charts import Chart, Row, axis, spec_of

PARTS = ("start", "train", "deploy")


def gantt(commands: Sequence[Sequence[Row]]) -> Chart | None:
    """Return a Gantt chart with a row for each stage and a bar for each of its steps; None without timings.

    Args:
        commands: the timings of each command that worked on the run, in order. A timing has ``name``
            (``stage: step``), ``start`` and ``seconds``; the time between commands is left out.
    """
    bars: list[dict[str, Any]] = []
    ends: list[float] = []
    for number, timings in enumerate(commands, 1):
        found = bars_of(timings, ends[-1] if ends else 0.0)
        bars += [{**bar, "command": number} for bar in found]
        ends.append(max(bar["end"] for bar in found))
    if not bars:
        return None
    several = len(commands) > 1
    encoding = {
        "y": axis("stage", "nominal", sort=None, axis={"labelLimit": 170}),
        "x": axis("start", "quantitative", "seconds"),
        "x2": {"field": "end"},
        "color": axis("part", "nominal", sort=None, scale={"domain": list(PARTS)}),
        "tooltip": [
            axis("stage", "nominal"),
            axis("step", "nominal"),
            axis("seconds", "quantitative", format=".3f"),
            *([axis("command", "quantitative")] if several else []),
        ],
    }
    drawn = {"mark": {"type": "bar", "stroke": "$surface", "strokeWidth": 0.6, "height": {"band": 0.7}}}
    between = {"type": "rule", "color": "$muted", "strokeDash": [4, 4]}
    rule = {"data": {"values": [{"at": end} for end in ends[:-1]]}, "mark": between}
    layers = [{**drawn, "encoding": encoding}, {**rule, "encoding": {"x": axis("at", "quantitative", "seconds")}}]
    height = 24 * len({bar["stage"] for bar in bars})
    rows = [[bar["stage"], bar["step"], f"{bar['start']:.2f}", f"{bar['seconds']:.3f}"] for bar in bars]
    return Chart(
        "time",
        spec_of(bars, height, layer=layers if several else layers[:1]),
        ["stage", "step", "start", "seconds"],
        rows,
        f"{len(commands)} commands, one after the other; the time between them is left out" if several else "",
    )


def bars_of(timings: Sequence[Row], begin: float) -> list[dict[str, Any]]:
    """Return the bars of one command, shifted so that the first starts at ``begin`` seconds."""
    began = min(timing["start"] for timing in timings) - begin
    least = (
        max(timing["start"] + timing["seconds"] for timing in timings) - began - begin
    ) / 160  # seconds: the shortest bar that can be seen
    bars = []
    for timing in sorted(timings, key=lambda timing: timing["start"]):
        stage, _, step = timing["name"].partition(": ")
        start = timing["start"] - began
        bars.append(
            {
                "stage": stage,
                "step": step or stage,
                "part": part(stage),
                "start": round(start, 4),
                "end": round(start + max(timing["seconds"], least), 4),
                "seconds": timing["seconds"],
            }
        )
    return bars


def part(stage: str) -> str:
    """Return the part of a run that a stage belongs to: start, train or deploy."""
    if stage.startswith(("compose", "import")):
        return "start"
    return "train" if stage.startswith("train") else "deploy"
