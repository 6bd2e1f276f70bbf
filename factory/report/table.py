"""PARENT: the terminal table of a run, made from run.json alone."""

from __future__ import annotations

from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table

from factory.config.serving import serving_command
from factory.core.scores import quoted
from factory.core.terminal import Terminal, text
from factory.report import baseline_note, signature

STYLES = {"passed": "green", "refused": "bold red", "failed": "bold red"}
WORDS = {"passed": "published", "refused": "refused", "failed": "failed"}
NARROWEST = 112  # columns the table needs; a narrower terminal, or none, wraps lines and loses nothing


def show(summary: Mapping[str, Any], console: Terminal, told: Container[str] = ()) -> None:
    """Print a run's headline, its warnings, a table row for each target, and the commands that serve what is published.

    Args:
        summary: run.json.
        console: widened to `NARROWEST` columns.
        told: warnings that were printed already.
    """
    console.width = max(console.width, NARROWEST)
    console.say(headline(summary), "bold")
    for line in baseline_note.warnings(summary.get("train") or {}):
        if line not in told:
            console.say(f"warning: {line}", "bold yellow")
    if summary.get("targets"):
        console.print(targets_table(summary["targets"]))
    for line in (*signature.carrying(summary.get("targets") or {}), *serving(summary)):
        console.say(line)


def headline(summary: Mapping[str, Any]) -> str:
    """Return one line of a run's name, status, training and metrics, on the test rows where there are any."""
    name, status = summary["name"], summary["status"]
    trained = summary.get("train")
    if not trained:
        return f"{name}: {status}"
    part, scores = quoted(trained)
    metrics = "  ".join(f"{metric} {value:.4f}" for metric, value in scores.items())
    epochs = f"{trained['epochs']} epochs in {fit_seconds(trained):.1f} s"
    return f"{name}: {status}; trained on {trained['backend']}, {epochs}; {part} {metrics}"


def fit_seconds(trained: Mapping[str, Any]) -> float:
    """Return the seconds that fitting took, from train/report.json."""
    return float(sum(timing["seconds"] for timing in trained["timings"] if timing["name"] == "fit"))


def targets_table(targets: Mapping[str, Mapping[str, Any]]) -> Table:
    """Return the table of a run's targets: backend, size, difference, metric, latency and status of each."""
    named = [target["metric"]["name"] for target in targets.values() if target.get("metric")]
    metric = named[0] if named else "metric"
    table = Table(box=box.SIMPLE_HEAD, header_style="bold")
    for column in ("target", "backend", "size", "difference", metric, "latency, batch 1, 32", "status"):
        table.add_column(column, no_wrap=True)
    for name, target in targets.items():
        status = target["status"]
        table.add_row(
            name,
            target["backend"],
            kilobytes(target.get("bytes")),
            difference(target.get("difference")),
            change(target.get("metric")),
            milliseconds(target.get("latency")),
            text(WORDS[status], STYLES[status]),
        )
    return table


def serving(summary: Mapping[str, Any]) -> list[str]:
    """Return the lines that say, for each target, where its version lies and how to serve it, or why there is none."""
    lines = []
    for name, target in (summary.get("targets") or {}).items():
        if target["published"]:
            lines.append(f"{name}: {target['published']}")
            lines += (
                [f"  serve: {serving_command(target['serve'], Path(target['published']))}"]
                if target.get("serve")
                else []
            )
        else:
            lines.append(f"{name}: {target['error']}")
        lines += [
            f"  {attempt['backend']} was tried before: {attempt['error']}" for attempt in target["attempts"] or ()
        ]
    return lines


def kilobytes(size: int | None) -> str:
    """Return a number of bytes in KiB, as text."""
    return "-" if size is None else f"{size / 1024:,.0f} KiB"


def difference(found: Mapping[str, float] | None) -> str:
    """Return the largest absolute difference that the gate measured, as text."""
    return "-" if found is None else f"{found['absolute']:.1e}"


def change(metric: Mapping[str, Any] | None) -> str:
    """Return a metric before and after the export, as text."""
    return "-" if metric is None else f"{metric['before']:.4f} → {metric['after']:.4f}"


def milliseconds(latency: Mapping[str, float] | None) -> str:
    """Return latencies in milliseconds, as text.

    Args:
        latency: batch size → seconds of one call.
    """
    return "-" if latency is None else ", ".join(f"{seconds * 1000:.2f}" for seconds in latency.values()) + " ms"
