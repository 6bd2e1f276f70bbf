"""PARENT: the display of a sweep record: its terminal table, and sweep.html."""

from __future__ import annotations

from pathlib import Path

from factory.core.errors import FactoryError, Interrupted
from factory.core.terminal import Terminal
from factory.report.draw import draw_carefully
from factory.sweep.ranking import front
from factory.sweep.record import SweepRecord
from factory.sweep.report import leaderboard


def show_record(sweep: SweepRecord, console: Terminal) -> int:
    """Print the table of a sweep from its record, and write its page anew.

    Returns:
        The exit code that the sweep ended with.
    """
    leaderboard.show(sweep.outcomes, sweep.aim, console, front(sweep.outcomes, sweep.aims))
    if page := draw_page(sweep):
        console.say(f"report: {page}")
    if sweep.summary["status"] in ("interrupted", "running"):
        return Interrupted.exit_code
    return FactoryError.exit_code if any(outcome.failed for outcome in sweep.outcomes) else 0


def draw_page(sweep: SweepRecord) -> Path | None:
    """Write sweep.html of a sweep.

    Returns:
        The path of the page; None where it could not be drawn: the reason is printed, and the sweep is not affected.
    """

    def drawing() -> Path:
        from factory.sweep.report import page  # here, as in `report.draw`

        return page.write(sweep)

    return draw_carefully(sweep.folder, drawing)
