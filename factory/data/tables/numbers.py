"""CHILD: Numbers as people write them: decimal commas, thousands separators, words for what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

MISSING = ("", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "-", "--", "?", ".")
"""Spellings, in small letters, by which a number, a date-time or a yes-or-no is missing; of a category or text only
the empty text is, since a client's text is not looked into."""


@dataclass(frozen=True)
class Notation:
    """How numbers and what is missing are written in a file.

    Args:
        decimal: the character before the fraction.
        thousands: the character between groups of three digits; None where there is none.
        missing: further spellings of what is missing, in every column.
    """

    decimal: str = "."
    thousands: str | None = None
    missing: tuple[str, ...] = ()

    @property
    def pattern(self) -> str:
        """The regular expression that a number with thousands separators matches."""
        fraction = rf"(?:\{self.decimal}\d+)?"
        return rf"^[+-]?\d{{1,3}}(?:\{self.thousands}\d{{3}})+{fraction}$"


POINT = Notation()
OTHERS = (Notation(","), Notation(".", ","), Notation(",", "."), Notation(".", " "), Notation(",", " "))
"""Notations that a column may be written in, from the likeliest on."""


def without_missing(values: pl.Series, notation: Notation, words: Sequence[str] = ("",)) -> pl.Series:
    """Return text with null where it is missing; nothing is trimmed.

    Args:
        values: text.
        notation: whose declared spellings are missing as they are written.
        words: spellings, in small letters, that are missing with blanks around them and in any letters.
    """
    lowered = values if tuple(words) == ("",) else values.str.strip_chars().str.to_lowercase()
    gone = lowered.is_in(list(words)) | values.is_in(list(notation.missing))
    return values.zip_with(~gone.fill_null(True), pl.Series([None], dtype=pl.String).new_from_index(0, len(values)))


def parse_numbers(values: pl.Series, notation: Notation) -> pl.Series:
    """Return text as float64, null where it is missing or no number."""
    text = values.str.strip_chars()
    if notation.thousands:
        grouped = text.str.contains(notation.pattern).fill_null(False)
        text = text.str.replace_all(notation.thousands, "", literal=True).zip_with(grouped, text)
    if notation.decimal != ".":
        point = text.str.contains(".", literal=True).fill_null(False)  # what still has one is no number here
        text = text.str.replace(notation.decimal, ".", literal=True)
        text = text.set(point, None)
    return text.cast(pl.Float64, strict=False)


def likelier(values: pl.Series, notation: Notation) -> Notation | None:
    """Return the notation in which nearly all values are numbers, where they are not in the given one; else None.

    Args:
        values: text without what is missing.
        notation: as declared.
    """
    count = values.len() - values.null_count()
    read = count - (values.len() - parse_numbers(values, notation).null_count())
    if not count or not read:
        return None
    for other in OTHERS:
        parsed = values.len() - parse_numbers(values, other).null_count()
        if parsed >= 0.95 * count and parsed > count - read:
            return other
    return None
