"""PARENT: the charts of a run as Vega-Lite specifications; their colours come from the page, which has two themes.

https://vega.github.io/vega-lite/docs/. A ``"$name"`` in a specification is the page's colour of that name.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]
MOST_EPOCHS = 600  # points of one curve; a screen cannot show more
FIT = {"type": "fit-x", "contains": "padding"}
SHADES = {"domain": [0, 1], "range": ["$surface", "$one"], "interpolate": "rgb"}
LARGEST_NUMBERED = 20  # classes whose cells have room for a number


@dataclass(frozen=True)
class Chart:
    """A figure with its data as a table, for readers who cannot see the picture.

    Args:
        title: the figure's title.
        spec: the Vega-Lite specification; empty for a table without a picture.
        columns: names of the table's columns.
        rows: the table's rows, a value for each column.
        note: how to read the figure.
        narrowest: least width in pixels; a narrower page scrolls the figure.
    """

    title: str
    spec: dict[str, Any]
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    note: str = ""
    narrowest: int = 0


def spec_of(rows: Iterable[Row], height: int, **rest: Any) -> dict[str, Any]:
    """Return a Vega-Lite specification of these rows that is as wide as its container.

    Args:
        rows: the data.
        height: in pixels.
        rest: further top-level properties of the specification.
    """
    return {"data": {"values": list(rows)}, "width": "container", "height": height, "autosize": FIT, **rest}


def axis(field: str, kind: str, title: str | None = None, **rest: Any) -> dict[str, Any]:
    """Return the Vega-Lite encoding of a field; ``kind`` is its type, such as quantitative or nominal."""
    return {"field": field, "type": kind, "title": title, **rest}


def curves(runs: Mapping[str, Sequence[Mapping[str, float]]]) -> list[Chart]:
    """Return the learning curves: a chart for each metric, the loss first.

    Args:
        runs: label → history, one mapping of metric → value for each epoch. Several runs have a colour each; a single
            run has one colour for training and one for validation.
    """
    names = dict.fromkeys(name.removeprefix("val_") for rows in runs.values() for row in rows for name in row)
    metrics = [name for name in names if name not in ("epoch", "seconds", "loss")]
    return [curve(metric, runs) for metric in (["loss"] if "loss" in names else []) + metrics]


def curve(metric: str, runs: Mapping[str, Sequence[Mapping[str, float]]]) -> Chart:
    """Return the chart of one metric over the epochs, on the training and the validation rows."""
    points = [
        {"run": run, "epoch": int(row["epoch"]), "rows": rows_of, "value": row[name]}
        for run, rows in runs.items()
        for name, rows_of in ((metric, "training"), (f"val_{metric}", "validation"))
        for row in thinned(rows)
        if name in row
    ]
    several = len(runs) > 1
    colour = axis("run" if several else "rows", "nominal", sort=None)
    dash = axis("rows", "nominal", sort=["validation", "training"]) if several else None
    epochs = sorted({int(row["epoch"]) for rows in runs.values() for row in thinned(rows)})
    ticks = {"format": "d", "tickMinStep": 1, **({"values": epochs} if len(epochs) <= 10 else {})}
    spec = spec_of(
        points,
        210,
        mark={"type": "line", "point": len(epochs) <= 40},
        encoding={
            "x": axis("epoch", "quantitative", "epoch", axis=ticks, scale={"zero": False, "nice": False}),
            "y": axis("value", "quantitative", scale={"zero": False}),
            "color": colour,
            **({"strokeDash": dash} if dash else {}),
            "tooltip": [
                *([axis("run", "nominal")] if several else []),
                *(axis("rows", "nominal"), axis("epoch", "quantitative"), axis("value", "quantitative", format=".5g")),
            ],
        },
    )
    columns = [*(["run"] if several else []), "epoch", "rows", "value"]
    return Chart(metric, spec, columns, [[point[column] for column in columns] for point in points])


def thinned(rows: Sequence[Mapping[str, float]], most: int = MOST_EPOCHS) -> list[Mapping[str, float]]:
    """Return at most ``most`` rows at even distances, always with the last one."""
    every = -(-len(rows) // most)
    return [row for index, row in enumerate(rows) if (len(rows) - 1 - index) % every == 0] if rows else []


def confusion(name: str, judged: Row) -> Chart:
    """Return the confusion matrix of an output, or its most frequent mistakes where there are too many classes to draw.

    Args:
        name: of the output.
        judged: the output's classification in train/evaluation.json.
    """
    right = f"{judged['right']} of {judged['rows']} validation rows are right"
    if judged["confusion"] is None:
        return Chart(f"{name}: most frequent mistakes", {}, ["actual", "predicted", "rows"], judged["mistaken"], right)
    labels = [str(label) for label in judged["labels"]]
    cells = [
        {"actual": labels[i], "predicted": labels[j], "rows": count, "share": count / max(1, sum(row))}
        for i, row in enumerate(judged["confusion"])
        for j, count in enumerate(row)
    ]
    position = {
        "x": axis("predicted", "nominal", "predicted", sort=None, axis={"labelAngle": 0, "orient": "top"}),
        "y": axis("actual", "nominal", "actual", sort=None),
    }
    ink = {"condition": {"test": "datum.share > 0.5", "value": "$surface"}, "value": "$ink"}
    cell = {
        "mark": {"type": "rect", "stroke": "$surface", "strokeWidth": 1},
        "encoding": {
            **position,
            "color": axis("share", "quantitative", scale=SHADES, legend=None),
            "tooltip": [
                axis("actual", "nominal"),
                axis("predicted", "nominal"),
                axis("rows", "quantitative"),
                axis("share", "quantitative", "of this class", format=".1%"),
            ],
        },
    }
    number = {
        "mark": {"type": "text", "fontSize": 11},
        "transform": [{"filter": "datum.rows > 0"}],
        "encoding": {**position, "text": axis("rows", "quantitative"), "color": ink},
    }
    layers = [cell, number] if len(labels) <= LARGEST_NUMBERED else [cell]
    rows = [[label, *row] for label, row in zip(labels, judged["confusion"], strict=True)]
    spec = spec_of(cells, max(120, min(30 * len(labels), 520)), layer=layers)
    return Chart(
        f"{name}: confusion matrix",
        spec,
        ["actual \\ predicted", *labels],
        rows,
        f"{right}; shade: share of the actual class",
    )


def residuals(name: str, column: Row) -> Chart:
    """Return the plot of residuals (predicted - actual) over predictions.

    Args:
        name: of the output, or of one number of it.
        column: one column of a regression in train/evaluation.json.
    """
    points = [{"actual": a, "predicted": p, "residual": p - a} for a, p in column["points"] if math.isfinite(p)]
    dots = {
        "mark": {"type": "point", "filled": True, "opacity": 0.7, "size": 42},
        "encoding": {
            "x": axis("predicted", "quantitative", "predicted", scale={"zero": False}),
            "y": axis("residual", "quantitative", "predicted - actual"),
            "tooltip": [axis(field, "quantitative", format=".5g") for field in ("actual", "predicted", "residual")],
        },
    }
    zero = {"mark": {"type": "rule", "strokeDash": [4, 4], "color": "$muted"}, "encoding": {"y": {"datum": 0}}}
    r2 = "" if column["r2"] is None else f"R² {column['r2']:.3f}; "
    note = f"{r2}mean residual {column['mean']:.4g}, standard deviation {column['deviation']:.4g}"
    rows = [[f"{share} %", f"{value:.5g}"] for share, value in column["quantiles"].items()]
    return Chart(f"{name}: residuals", spec_of(points, 260, layer=[zero, dots]), ["quantile", "residual"], rows, note)


def evaluations(judged: Mapping[str, Row]) -> list[Chart]:
    """Return a confusion matrix for each classification and a residual plot for each column of a regression."""
    charts = []
    for name, output in judged.items():
        if output["task"] == "classification":
            charts.append(confusion(name, output))
        else:
            columns = output["columns"]
            charts += [residuals(f"{name} {k}" if len(columns) > 1 else name, c) for k, c in enumerate(columns)]
    return charts


def latency(targets: Iterable[Row]) -> Chart | None:
    """Return a bar chart of latency by target and batch size; None where nothing was measured.

    Args:
        targets: rows with ``name`` and ``latency``, which is batch size → seconds of one call.
    """
    bars = [
        {"target": target["name"], "batch": batch, "milliseconds": seconds * 1000}
        for target in targets
        for batch, seconds in (target.get("latency") or {}).items()
    ]
    if not bars:
        return None
    encoding = {
        "y": axis("target", "nominal", sort=None),
        "x": axis("milliseconds", "quantitative", "milliseconds"),
        "yOffset": axis("batch", "nominal", sort=None),
        "color": axis("batch", "nominal", "batch", sort=None),
        "tooltip": [
            axis("target", "nominal"),
            axis("batch", "nominal"),
            axis("milliseconds", "quantitative", format=".3f"),
        ],
    }
    spec = spec_of(bars, 15 * len(bars) + 10, mark={"type": "bar", "cornerRadiusEnd": 2}, encoding=encoding)
    rows = [[bar["target"], bar["batch"], f"{bar['milliseconds']:.3f}"] for bar in bars]
    return Chart(
        "latency", spec, ["target", "batch", "milliseconds"], rows, "time of one call in the target's own runtime"
    )


def sizes(targets: Iterable[Row]) -> Chart | None:
    """Return a bar chart of artifact sizes in KiB; None where there is no artifact.

    Args:
        targets: rows with ``name`` and ``bytes``.
    """
    bars = [{"target": t["name"], "KiB": round(t["bytes"] / 1024, 1)} for t in targets if t.get("bytes")]
    if not bars:
        return None
    encoding = {
        "y": axis("target", "nominal", sort=None),
        "x": axis("KiB", "quantitative", "KiB"),
        "tooltip": [axis("target", "nominal"), axis("KiB", "quantitative", format=",.1f")],
    }
    spec = spec_of(bars, 30 * len(bars), mark={"type": "bar", "cornerRadiusEnd": 2, "height": 14}, encoding=encoding)
    return Chart("size", spec, ["target", "KiB"], [[bar["target"], f"{bar['KiB']:,.1f}"] for bar in bars])
