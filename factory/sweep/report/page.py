"""PARENT: sweep.html, one self-contained page of a sweep: swept values, results, costs, and commands to go on."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from factory.core.files import write_text
from factory.report.pages import page
from factory.report.run_page import figure
from factory.sweep.command import FOLDER
from factory.sweep.labels import varied
from factory.sweep.ranking import best_first
from factory.sweep.record import SweepRecord
from factory.sweep.report.coordinates import swept
from factory.sweep.report.curves import curves
from factory.sweep.report.leaderboard import trainings
from factory.sweep.report.ranked_jobs import RankedJobs, called
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


def write(sweep: SweepRecord) -> Path:
    """Write sweep.html of a sweep, whatever its status, into the sweep's folder.

    Returns:
        The path of the page, which has at most 2 MB and refers to nothing outside it.
    """
    path = sweep.folder / "sweep.html"
    write_text(path, page("sweep.html", contents(sweep)))
    return path


def contents(sweep: SweepRecord) -> dict[str, Any]:
    """Return the fields of the page's template; a part without content is empty."""
    keys, order = varied(sweep.jobs), best_first(sweep.outcomes, sweep.aim)
    ranked = RankedJobs.of(order, sweep.aim, keys)
    coordinates = swept(ranked) if ranked else None
    tradeoffs = costs(ranked) if ranked else []
    learned = curves(sweep, ranked) if ranked else []
    fields = {
        "swept": coordinates,
        "costs": tradeoffs,
        "curves": learned,
        "leaderboard": leaderboard(sweep, order, keys),
        "failures": failures(sweep, keys),
        "shared": shared(sweep, keys),
    }
    return {
        **fields,
        **head(sweep),
        "tiles": list(tiles(sweep, ranked)),
        "charts": [*([coordinates] if coordinates else []), *tradeoffs, *learned],
        "sections": [(id, title) for id, title in SECTIONS.items() if fields.get(id, True)],
        "served": trainings(sweep.outcomes),
        "commands": list(commands(sweep, ranked)),
        "undeployed": bool(ranked) and not any(job.targets for job in sweep.outcomes),
    }


def head(sweep: SweepRecord) -> dict[str, Any]:
    """Return the fields of the page's head: title, status and command."""
    status, count = sweep.summary.get("status", "running"), sum(outcome.at_fault for outcome in sweep.outcomes)
    mood, sign = ("bad", "✗") if count else ("good", "✓") if status == "done" else ("wait", "…")
    return {
        "name": "Sweep " + "/".join(sweep.folder.resolve().parts[-2:]),
        "status": {"word": f"{status}, {count:,} failed" if count else status, "mood": mood, "sign": sign},
        "lead": again(sweep, folder=False),
    }


def tiles(sweep: SweepRecord, ranked: RankedJobs | None) -> Iterator[dict[str, str]]:
    """Yield the key figures of a sweep, each as label, value and a remark."""
    if ranked:
        best = ranked.jobs[0]
        yield {
            "label": f"best {ranked.metric}",
            "value": figure(best.facts[ranked.metric]),
            "more": called(best.job, ranked.keys),
        }
        if len(ranked.jobs) > 1:
            values = ranked.values
            more = f"worst {figure(values[-1])}"
            yield {"label": f"median {ranked.metric}", "value": figure(values[len(values) // 2]), "more": more}
    good = sum(outcome.good for outcome in sweep.outcomes)
    rest = {
        "failed": sum(outcome.at_fault for outcome in sweep.outcomes),
        "kept from before": sum(outcome.kept for outcome in sweep.outcomes),
        "pruned": sum(outcome.status == "pruned" for outcome in sweep.outcomes),
        "not ended": len(sweep.jobs) - sum(outcome.status != "interrupted" for outcome in sweep.outcomes),
    }
    more = ", ".join(f"{count:,} {word}" for word, count in rest.items() if count)
    yield {"label": "jobs done", "value": f"{good:,} of {len(sweep.jobs):,}", "more": more}
    if "seconds" in sweep.summary:
        more = f"{sweep.summary['at_a_time']} at a time, threads of each: {sweep.summary['threads']}"
        yield {"label": "time", "value": duration(sweep.summary["seconds"]), "more": more}


def duration(seconds: float) -> str:
    """Return a time such as ``4.2 s``, ``3 min 5 s`` or ``1 h 20 min``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{seconds:.1f} s" if seconds < 60 else f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def commands(sweep: SweepRecord, ranked: RankedJobs | None) -> Iterator[tuple[str, str]]:
    """Yield labelled shell commands: repeat, draw and compare the best jobs, resume or repeat the sweep."""
    if ranked:
        jobs = [outcome.job.folder for outcome in ranked.jobs]
        if (best := sweep.folder / "best").exists():
            words = ["--config-dir", str(best), "experiment=best"]
            yield "Do the best job again", shlex.join(["python", "-m", "factory", *words])
        yield "Draw the best run", shlex.join(["python", "-m", "factory", "report", jobs[0]])
        if len(jobs) > 1:
            yield "The best three side by side", shlex.join(["python", "-m", "factory", "compare", *jobs[:3]])
    if sweep.summary.get("status") != "done" or any(outcome.failed for outcome in sweep.outcomes):
        yield "Go on: what is done is kept, what failed is tried again", again(sweep)
    yield "Do the whole sweep again", again(sweep, folder=False)
    yield "This page and its table again", shlex.join(["python", "-m", "factory", "report", str(sweep.folder)])


def again(sweep: SweepRecord, folder: bool = True) -> str:
    """Return the sweep's command; with ``folder`` it goes on in the sweep's folder, else it starts in a new one."""
    words = sweep.summary.get("command", [])
    own = ["--config-dir", sweep.summary["config_dir"]] if sweep.summary.get("config_dir") else []
    asked = [word for word in words if not word.startswith(FOLDER)]
    return shlex.join(["python", "-m", "factory", "-m", *own, *asked, *([f"{FOLDER}{sweep.folder}"] if folder else [])])
