"""PARENT: a fast terminal table for thousands of rows; Rich's own wraps each cell and takes 0.5 s for a thousand."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

from rich.cells import cell_len
from rich.segment import Segment, Segments
from rich.style import Style

from factory.core.printable import visible

GAP = "   "
Styled = tuple[str, str]
"""A cell: its text and its Rich style, which may be empty."""


def table(head: Sequence[str], rows: Sequence[Sequence[Styled]], right: Container[str] = ()) -> Segments:
    """Return a table whose cells are never cut or wrapped, since a path is there to be copied.

    Args:
        head: names of the columns.
        rows: a cell for each column.
        right: names of the columns that are aligned at the right.
    """
    rows = [[(visible(text), style) for text, style in row] for row in rows]
    widths = [cell_len(name) for name in head]
    for row in rows:
        widths = [max(width, cell_len(text)) for width, (text, _) in zip(widths, row, strict=True)]
    sides = [name in right for name in head]
    rule = "─" * (sum(widths) + len(GAP) * (len(widths) - 1) + 2)

    def line(row: Sequence[Styled]) -> Iterator[Segment]:
        yield Segment("  ")
        for (text, style), width, at_right in zip(row, widths, sides, strict=True):
            space = " " * (width - cell_len(text))
            yield Segment(space if at_right else "")
            yield Segment(text, Style.parse(style) if style else None)
            yield Segment(GAP if at_right else space + GAP)
        yield Segment.line()

    named = line([(name, "bold") for name in head])
    ruled = [Segment(f" {rule}"), Segment.line()]
    return Segments([Segment.line(), *named, *ruled, *(part for row in rows for part in line(row)), Segment.line()])
