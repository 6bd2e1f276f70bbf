"""PARENT: The console that tables, lines and live displays are printed on, safe from control characters in texts."""

from __future__ import annotations

from typing import Any

from rich.console import Console, JustifyMethod, OverflowMethod
from rich.style import Style
from rich.text import Text

from factory.core.printable import visible


def text(words: str, style: str | Style = "", **how: Any) -> Text:
    """Return words as a line of rich's text, without markup and highlighting; ``how`` goes to ``rich.text.Text``."""
    return Text(visible(words), style=style, **how)


class Terminal(Console):
    """A rich console to which every string is plain text, wherever it stands: printed, in a cell, in a header.

    A string is one line: what begins a line of its own is printed by itself.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, highlight=False, emoji=False, **options)

    def render_str(
        self,
        text: str,
        *,
        style: str | Style = "",
        justify: JustifyMethod | None = None,
        overflow: OverflowMethod | None = None,
        **_: Any,  # emoji, markup and highlighters are for texts that we wrote ourselves
    ) -> Text:
        """Return a string as plain text; rich calls this for every string that it prints."""
        return Text(visible(text), style=style, justify=justify, overflow=overflow)

    def say(self, line: str, style: str | None = None) -> None:
        """Print a line, however long; the terminal wraps it."""
        self.print(line, style=style, soft_wrap=True)
