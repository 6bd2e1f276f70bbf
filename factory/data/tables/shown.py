"""CHILD: What a table's columns were found to be, as lines of text for a terminal or a log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

MOST = 60  # columns in the lines; all are in train/report.json
WIDEST = 32  # characters of a name
PIECE = 1200  # characters of lines in one event, which a pipe must pass on whole


def lines_of(columns: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a line for each column: its name, what it is, and why; none where there are no columns."""
    rows = [(_cut(column["name"]), _kind(column), column["reason"]) for column in columns]
    names, kinds = (max((len(row[place]) for row in rows), default=0) for place in (0, 1))
    lines = [f"  {name:<{names}}  {kind:<{kinds}}  {reason}" for name, kind, reason in rows[:MOST]]
    return [*lines, f"  … and {len(rows) - MOST} more columns"] if len(rows) > MOST else lines


def pieces(lines: Iterable[str]) -> Iterator[list[str]]:
    """Yield lines in the order given, as many at a time as one event holds."""
    piece: list[str] = []
    for line in lines:
        if piece and sum(map(len, piece)) + len(line) > PIECE:
            yield piece
            piece = []
        piece.append(line[:PIECE])
    if piece:
        yield piece


def _kind(column: Mapping[str, Any]) -> str:
    """Return what a column is, in a word."""
    if column["kind"] == "target":
        return str(column["task"])
    return "ignored" if column["kind"] == "ignore" else str(column["kind"])


def _cut(name: str) -> str:
    """Return a name, cut short where it is long."""
    return name if len(name) <= WIDEST else name[: WIDEST - 1] + "…"
