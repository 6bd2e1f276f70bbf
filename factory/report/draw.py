"""PARENT: the drawing of report.html and model_card.md, which never makes a run fail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from factory.core.errors import ConfigError
from factory.core.garbage import uncollected
from factory.core.printable import tell


def draw_report(folder: Path) -> Path | None:
    """Write report.html and model_card.md of a run that has ended, whatever its status.

    Returns:
        The path of the page; None where it could not be drawn: the reason is printed and the run's status stays.
    """

    def drawing() -> Path:
        from factory.report import (
            card,
            facts,
            run_page,  # imported here, since --help and errors need not wait for Jinja (45 ms)
        )

        found = facts.read_facts(folder)
        for problem in found.problems:
            tell(problem)
        card.write(found)
        return run_page.write(found)

    return draw_carefully(folder, drawing)


def draw_carefully(folder: Path, drawing: Callable[[], Path]) -> Path | None:
    """Call ``drawing`` and print its errors instead of raising them.

    Args:
        folder: named in the message.
        drawing: writes a page and returns its path.

    Returns:
        The path of the page; None after an error, such as a full disk or a file of another version in the folder.
    """
    try:
        with uncollected():  # saves 40 ms of garbage collection, where the drawing itself takes 60
            return drawing()
    except OSError as error:
        tell(f"report: {folder}: not written: {error.strerror or error}")
    except ConfigError as error:
        tell(str(error))
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        tell(f"report: {folder}: not drawn: {type(error).__name__}: {error}")
    return None
