"""PARENT: sweep.html, one self-contained file: what a sweep tried, what came out, what it costs, and how to go on."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from factory.core.rundir import write_text
from factory.report.pages import page
from factory.report.run_page import figure
from factory.sweep.command import FOLDER
from factory.sweep.labels import varied
from factory.sweep.ranking import best_first
from factory.sweep.record import Past
from factory.sweep.report.coordinates import swept
from factory.sweep.report.curves import curves
from factory.sweep.report.leaderboard import trainings
from factory.sweep.report.ranking import Standing, called
from factory.sweep.report.tables import failures, leaderboard, shared
from factory.sweep.report.tradeoffs import costs

SECTIONS = {
    "summary": "Summary",
    "swept": "What was swept",
    "costs": "Costs",
    "curves": "Curves",
    "leaderboard": "Leaderboard",
    "failures": "Failures",
    "shared": "Shared",
    "commands": "Commands",
}


def write(past: Past) -> Path:
    """Draw a sweep, however it ended, into its own folder.

    Returns:
        The file: at most 2 MB, without a reference to anything outside it.
    """
    path = past.folder / "sweep.html"
    write_text(path, page("sweep.html", contents(past)))
    return path


def contents(past: Past) -> dict[str, Any]:
    """What the template shows; a part of which there is nothing is empty."""
    keys, order = varied(past.jobs), best_first(past.outcomes, past.aim)
    standing = Standing.of(order, past.aim, keys)
    coordinates = swept(standing) if standing else None
    tradeoffs = costs(standing) if standing else []
    learned = curves(past, standing) if standing else []
    fields = {
        "swept": coordinates,
        "costs": tradeoffs,
        "curves": learned,
        "leaderboard": leaderboard(past, order, keys),
        "failures": failures(past, keys),
        "shared": shared(past, keys),
    }
    return {
        **fields,
        **head(past),
        "tiles": list(tiles(past, standing)),
        "charts": [*([coordinates] if coordinates else []), *tradeoffs, *learned],
        "sections": [(id, title) for id, title in SECTIONS.items() if fields.get(id, True)],
        "served": trainings(past.outcomes),
        "commands": list(commands(past, standing)),
        "undeployed": bool(standing) and not any(job.targets for job in past.outcomes),
    }


def head(past: Past) -> dict[str, Any]:
    """Title and status."""
    status, count = past.record.get("status", "running"), sum(outcome.at_fault for outcome in past.outcomes)
    mood, sign = ("bad", "✗") if count else ("good", "✓") if status == "done" else ("wait", "…")
    return {
        "name": "Sweep " + "/".join(past.folder.resolve().parts[-2:]),
        "status": {"word": f"{status}, {count:,} failed" if count else status, "mood": mood, "sign": sign},
        "lead": again(past, folder=False),
    }


def tiles(past: Past, standing: Standing | None) -> Iterator[dict[str, str]]:
    """The figures that one looks for first."""
    if standing:
        best = standing.jobs[0]
        yield {
            "label": f"best {standing.metric}",
            "value": figure(best.facts[standing.metric]),
            "more": called(best.job, standing.keys),
        }
        if len(standing.jobs) > 1:
            values = standing.values
            more = f"worst {figure(values[-1])}"
            yield {"label": f"median {standing.metric}", "value": figure(values[len(values) // 2]), "more": more}
    good = sum(outcome.good for outcome in past.outcomes)
    rest = {
        "failed": sum(outcome.at_fault for outcome in past.outcomes),
        "kept from before": sum(outcome.kept for outcome in past.outcomes),
        "pruned": sum(outcome.status == "pruned" for outcome in past.outcomes),
        "not ended": len(past.jobs) - sum(outcome.status != "interrupted" for outcome in past.outcomes),
    }
    more = ", ".join(f"{count:,} {word}" for word, count in rest.items() if count)
    yield {"label": "jobs done", "value": f"{good:,} of {len(past.jobs):,}", "more": more}
    if "seconds" in past.record:
        more = f"{past.record['at_a_time']} at a time, threads of each: {past.record['threads']}"
        yield {"label": "time", "value": duration(past.record["seconds"]), "more": more}


def duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{seconds:.1f} s" if seconds < 60 else f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def commands(past: Past, standing: Standing | None) -> Iterator[tuple[str, str]]:
    """What to type to do the best job again, to look closer, and to go on."""
    if standing:
        jobs = [outcome.job.folder for outcome in standing.jobs]
        if (best := past.folder / "best").exists():
            words = ["--config-dir", str(best), "experiment=best"]
            yield "Do the best job again", shlex.join(["python", "-m", "factory", *words])
        yield "Draw the best run", shlex.join(["python", "-m", "factory", "report", jobs[0]])
        if len(jobs) > 1:
            yield "The best three side by side", shlex.join(["python", "-m", "factory", "compare", *jobs[:3]])
    if past.record.get("status") != "done" or any(outcome.failed for outcome in past.outcomes):
        yield "Go on: what is done is kept, what failed is tried again", again(past)
    yield "Do the whole sweep again", again(past, folder=False)
    yield "This page and its table again", shlex.join(["python", "-m", "factory", "report", str(past.folder)])


def again(past: Past, folder: bool = True) -> str:
    """The command, in the sweep's folder or in a new one."""
    words = past.record.get("command", [])
    own = ["--config-dir", past.record["config_dir"]] if past.record.get("config_dir") else []
    asked = [word for word in words if not word.startswith(FOLDER)]
    return shlex.join(["python", "-m", "factory", "-m", *own, *asked, *([f"{FOLDER}{past.folder}"] if folder else [])])
