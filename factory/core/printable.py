"""SHARED: Untrusted text (keys, names, paths, messages of libraries) made safe to print on a terminal.

A control character moves the cursor or sets the window's title, a line break begins a line that we did not write, a
bidirectional control turns its neighbours around. Each is shown as its escape: ``\\x1b``, ``\\n``, ``\\u202e``.
Everything is printed through `say`, `tell` or `factory.core.terminal.Terminal`; ruff refuses a plain ``print``.
"""

from __future__ import annotations

import io
import json
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any


def visible(text: str) -> str:
    r"""Return the text as one line without a character that acts on what displays it.

    >>> visible("a\x1b[2J\nb")
    'a\\x1b[2J\\nb'
    """
    return _replaced(text, lambda character: character.encode("unicode_escape").decode())


def visible_lines(text: str) -> str:
    """Return several lines of our own making, each made `visible`."""
    return "\n".join(map(visible, text.split("\n")))


def json_text(value: Any, **how: Any) -> str:
    """Return JSON that is the same to programs and harmless to terminals; ``how`` goes to ``json.dumps``."""
    lines = json.dumps(value, ensure_ascii=False, **how).split("\n")
    return "\n".join(_replaced(line, lambda character: json.dumps(character)[1:-1]) for line in lines)


def say(text: str, end: str = "\n") -> None:
    """Print lines to standard output."""
    print(visible_lines(text), end=end)  # noqa: T201  # the one place that prints


def tell(text: str) -> None:
    """Print lines to standard error."""
    print(visible_lines(text), file=sys.stderr)  # noqa: T201  # the one place that prints


@contextmanager
def printed_visibly() -> Iterator[None]:
    """Capture what a library prints to standard output inside this context; print it at the end, made `visible`."""
    printed = io.StringIO()
    try:
        with redirect_stdout(printed):
            yield
    finally:
        say(printed.getvalue(), end="")


def _replaced(text: str, escape: Callable[[str], str]) -> str:
    """Return a text with each character that is not harmless escaped."""
    if text.isprintable():
        return text
    return "".join(character if _is_harmless(character) else escape(character) for character in text)


def _is_harmless(character: str) -> bool:
    """Return whether a character is printable or a space, which may be a no-break space."""
    return character.isprintable() or unicodedata.category(character) == "Zs"  # spaces that do not break
