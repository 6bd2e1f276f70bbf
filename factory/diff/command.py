"""PARENT: ``python -m factory diff [A] [B] [overrides…]``: words → sides → review → what is printed."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from factory.core.errors import ReviewError
from factory.core.garbage import uncollected
from factory.core.printable import say
from factory.core.terminal import Terminal
from factory.diff import render
from factory.diff.impact import WORDS, Class
from factory.diff.review import Review, review
from factory.diff.sides import open_sides

FORMATS = ("terminal", "md", "json")
FAIL_ON = {cls.word: cls for cls in reversed(Class) if cls is not Class.none}


def compare(words: Sequence[str], config_dir: str | None = None) -> Review:
    """What differs between two sides and what it means; see `factory.diff.sides` for the words.

    Raises:
        ConfigError: a side is not what a side can be, or does not compose.
    """
    with uncollected(), tempfile.TemporaryDirectory(prefix="factory-diff-", ignore_cleanup_errors=True) as folder:
        temporary = Path(folder)
        a, b = open_sides(words, config_dir, temporary)
        return review(a, b, temporary)


def diff(words: Sequence[str], config_dir: str | None, format: str, fail_on: str | None) -> None:
    """Compare and print.

    Args:
        format: ``terminal``, ``md`` or ``json``.
        fail_on: the weakest class that is an error.

    Raises:
        ReviewError: there is a change of that class or of a stronger one.
    """
    found = compare(words, config_dir)
    match format:
        case "md":
            say(render.markdown(found), end="")
        case "json":
            say(render.as_json(found))
        case _:
            render.terminal(found, Terminal())
    if fail_on is not None and found.cls >= FAIL_ON[fail_on]:
        raise ReviewError(f"diff: {WORDS[found.cls]}; --fail-on {fail_on}")
