"""PARENT: what people look at: the live display, the table, report.html, the model card; lists and comparisons."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from factory.core.errors import ConfigError
from factory.core.garbage import uncollected
from factory.core.printable import tell


def draw_report(folder: Path) -> Path | None:
    """Write report.html and model_card.md of a run that has ended, however it ended.

    Returns:
        The page; None where it could not be drawn, which is said and costs no run.
    """

    def drawing() -> Path:
        from factory.report import (
            card,
            facts,
            run_page,  # here, since --help and errors need not wait for Jinja (45 ms)
        )

        found = facts.read(folder)
        for problem in found.problems:
            tell(problem)
        card.write(found)
        return run_page.write(found)

    return draw_carefully(folder, drawing)


def draw_carefully(folder: Path, drawing: Callable[[], Path]) -> Path | None:
    """Draw what has ended well without it.

    Returns:
        The page; None after a full disk, files of another version in the folder, a name that is no UTF-8.
    """
    try:
        with uncollected():  # 40 ms, where the drawing itself takes 60
            return drawing()
    except OSError as error:
        tell(f"report: {folder}: not written: {error.strerror or error}")
    except ConfigError as error:
        tell(str(error))
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        tell(f"report: {folder}: not drawn: {type(error).__name__}: {error}")
    return None
