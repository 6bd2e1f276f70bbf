"""PARENT: The command ``python -m factory diff [A] [B] [overrides…]``: open two sides, compare them, print a review."""

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
    """Return the review of two sides; `factory.diff.sides` says what the words may be.

    Args:
        words: of the command line, after the verb: up to two sides, and overrides of both.
        config_dir: the user's folder of config groups.

    Raises:
        ConfigError: a side is not what a side can be, or does not compose.
    """
    with uncollected(), tempfile.TemporaryDirectory(prefix="factory-diff-", ignore_cleanup_errors=True) as folder:
        temporary = Path(folder)
        a, b = open_sides(words, config_dir, temporary)
        return review(a, b, temporary)


def diff(words: Sequence[str], config_dir: str | None, format: str, fail_on: str | None) -> None:
    """Compare two sides and print the review.

    Args:
        words: of the command line, after the verb; see `compare`.
        config_dir: the user's folder of config groups.
        format: ``terminal``, ``md`` or ``json``.
        fail_on: word of the weakest class that is an error, None for none.

    Raises:
        ConfigError: a side does not compose.
        ReviewError: there is a change of the class ``fail_on`` or of a stronger one.
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
