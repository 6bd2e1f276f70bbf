"""PARENT: the console that tables, lines and live displays are printed on; no text that it is given can act on it."""

from __future__ import annotations

from typing import Any

from rich.console import Console, JustifyMethod, OverflowMethod
from rich.style import Style
from rich.text import Text

from factory.core.printable import visible


def text(words: str, style: str | Style = "", **how: Any) -> Text:
    """Return words as rich shows them: no markup, no highlighting, one line; ``how`` goes to ``rich.text.Text``."""
    return Text(visible(words), style=style, **how)


class Terminal(Console):
    """A console to which every string is plain text, wherever it stands: printed, in a cell, in a column's header.

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
        return Text(visible(text), style=style, justify=justify, overflow=overflow)

    def say(self, line: str, style: str | None = None) -> None:
        """Print a line, however long; the terminal wraps it and nothing is lost."""
        self.print(line, style=style, soft_wrap=True)
