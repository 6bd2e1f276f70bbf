"""PARENT: what people look at: the live display, the table, report.html, the model card; lists and comparisons."""

from __future__ import annotations

import gc
import sys
from pathlib import Path


def draw(folder: Path) -> Path | None:
    """Write report.html and model_card.md of a run that has ended, however it ended.

    Returns:
        The page; None where the folder cannot be written, which is said and costs no run.
    """
    collecting = gc.isenabled()
    gc.disable()  # going through all that Hydra and pydantic hold takes 40 ms, and the drawing itself 60
    try:
        from factory.report import card, facts, html  # here, since --help and errors need not wait for Jinja (45 ms)

        found = facts.read(folder)
        card.write(found)
        return html.write(found)
    except OSError as error:
        print(f"report: {folder}: not written: {error.strerror}", file=sys.stderr)
        return None
    finally:
        if collecting:
            gc.enable()
