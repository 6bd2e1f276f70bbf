"""SHARED: Markdown from untrusted texts, none of which becomes a link, a picture, HTML, a mention or a row.

Backslashes do not hold everywhere (a renderer looks for links and mentions in what they gave back), a code span does:
what is more than words and harmless punctuation is shown as code. https://github.github.com/gfm/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from factory.core.printable import visible, visible_lines

HARMLESS = re.compile(r"(?!.*(?://|www\.))[\w ,.;:/%+()={}'\"?→\u00d7±…-]*", re.IGNORECASE)


def words(text: str) -> str:
    """Return a text as it is if it can mean nothing else in Markdown, otherwise as a code span."""
    return text if HARMLESS.fullmatch(text) else code(text)


def code(text: str) -> str:
    """Return a text as a code span, fenced by more back-ticks than it has in a row."""
    text = visible(text)
    if not text:
        return ""
    fence = "`" * _more_than(text)
    space = " " if "`" in text or text.strip() != text else ""
    return f"{fence}{space}{text}{space}{fence}"


def block(text: str, language: str = "") -> str:
    """Return lines of code as a fenced block."""
    fence = "`" * max(3, _more_than(text))
    return f"{fence}{language}\n{visible_lines(text)}\n{fence}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table from cells that are Markdown already."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(cell, line)) + " |" for line in lines)


def cell(markdown: str) -> str:
    """Return Markdown with its column separators escaped, so that it stays in its cell."""
    return markdown.replace("|", "\\|")


def _more_than(text: str) -> int:
    """Return one more than the longest run of back-ticks in a text."""
    return 1 + max(map(len, re.findall("`+", text)), default=0)
