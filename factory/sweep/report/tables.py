"""PARENT: the tables of sweep.html: leaderboard, failures, shared trainings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from factory.report.run_page import figure
from factory.sweep.labels import values
from factory.sweep.outcome import Outcome
from factory.sweep.record import SweepRecord
from factory.sweep.report.leaderboard import target_words
from factory.sweep.report.ranked_jobs import called, spoken

MOST_ROWS = 300  # jobs in the table; leaderboard.csv holds all
SHOWN = 15  # rows that are shown at once; the others are folded
MOST_FAILURES = 100  # distinct messages
MOST_JOBS = 8  # jobs named in one row
MOST_SHARED = 50  # trainings


def leaderboard(sweep: SweepRecord, order: Sequence[Outcome], keys: Sequence[str]) -> dict[str, Any] | None:
    """Return the columns and rows of the leaderboard, a row for each job; None where no job ended well."""
    board = [o for o in order if o.good and o.metrics]
    if not board:
        return None
    aim = sweep.aim.name(board[0].facts)
    names = dict.fromkeys(name for outcome in board for name in (aim, *outcome.metrics))
    metrics = [name for name in names if "." not in name]  # facts of targets have columns of their own
    targets = list(dict.fromkeys(name for outcome in board for name in outcome.targets))
    numbers = {Path(job.folder).resolve(): job.number for job in sweep.jobs}
    sharing = any(outcome.shared or outcome.status == "same" for outcome in board)
    rows = [
        [
            outcome.job.number,
            *(figure(outcome.metrics[name]) if name in outcome.metrics else "-" for name in metrics),
            *(spoken(values(outcome.job, keys).get(key, "-")) for key in keys),
            outcome.epochs,
            "-" if outcome.seconds is None else f"{outcome.seconds:.1f} s",
            *(target_words(outcome.facts, name) for name in targets),
            *([origin(outcome, numbers)] if sharing else []),
        ]
        for outcome in board[:MOST_ROWS]
    ]
    return {
        "columns": ["job", *metrics, *keys, "epochs", "fit", *targets, *(["training"] if sharing else [])],
        "top": rows[:SHOWN],
        "rest": rows[SHOWN:],
        "left": max(0, len(board) - MOST_ROWS),
    }


def origin(outcome: Outcome, numbers: Mapping[Path, int]) -> str:
    """Return whose training a job has, in words.

    Args:
        outcome: of the job.
        numbers: run folder → number of its job.
    """
    if outcome.status == "same":
        return f"as job {outcome.job.same_as}"
    if not outcome.shared:
        return "its own"
    number = numbers.get(Path(outcome.shared).resolve())
    return f"of {outcome.shared}" if number is None else f"of job {number}"


def failures(sweep: SweepRecord, keys: Sequence[str]) -> dict[str, Any] | None:
    """Return the table of failures, each distinct message with its jobs; None where no job failed."""
    found: dict[str, list[Outcome]] = {}
    for outcome in sweep.outcomes:
        if outcome.at_fault:
            found.setdefault(f"{outcome.status}: {outcome.error}", []).append(outcome)
    rows = [[line, named([called(o.job, keys) for o in jobs])] for line, jobs in list(found.items())[:MOST_FAILURES]]
    return {"rows": rows, "left": max(0, len(found) - MOST_FAILURES)} if rows else None


def named(labels: Sequence[str]) -> str:
    """Return the first `MOST_JOBS` labels, a line each, and how many more there are."""
    more = len(labels) - MOST_JOBS
    return "\n".join([*labels[:MOST_JOBS], *([f"and {more:,} more"] if more > 0 else [])])


def shared(sweep: SweepRecord, keys: Sequence[str]) -> dict[str, Any] | None:
    """Return the table of trainings that several jobs share; None where there are none."""
    groups: dict[str, list[Outcome]] = {}
    for outcome in sweep.outcomes:
        if outcome.metrics and outcome.job.train_key:
            groups.setdefault(outcome.job.train_key, []).append(outcome)
    several = [jobs for jobs in groups.values() if len(jobs) > 1 and any(o.shared or o.status == "same" for o in jobs)]
    rows = []
    for jobs in several[:MOST_SHARED]:
        own = next((o for o in jobs if not o.shared and o.status != "same"), jobs[0])
        rows.append([called(own.job, keys), named([called(o.job, keys) for o in jobs if o is not own])])
    return {"rows": rows, "left": max(0, len(several) - MOST_SHARED)} if rows else None
