"""CHILD: Date-times as people write them, to seconds since 1970 in UTC."""

from __future__ import annotations

import polars as pl

DAYS = ("%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%d-%m-%Y", "%d %b %Y", "%b %d, %Y", "%d %B %Y")
TIMES = ("%H:%M:%S", "%H:%M", "%H:%M:%S.%f")
FORMATS = (
    *(f"%Y-%m-%d{between}{time}{zone}" for between in "T " for time in TIMES for zone in ("", "%z")),
    *(f"{day} {time}" for day in DAYS[1:] for time in TIMES[:2]),
    *DAYS,
)
"""Formats as in Python's strftime, likeliest first; the fraction of a second may be missing."""

DIGIT = r"\d"
SAMPLE = 1000


def parse_datetimes(values: pl.Series, form: str) -> pl.Series:
    """Return text as seconds since 1970 in UTC, float64, null where it is missing or not of this format.

    Args:
        values: text.
        form: as in Python's strftime; the zone may be written as ``Z``, ``+01``, ``+0100`` or ``+01:00``.
    """
    form = form.replace(".%f", "%.f").replace("%z", "%#z")  # as polars writes it
    return seconds(values.str.strip_chars().str.to_datetime(form, time_unit="us", strict=False))


def seconds(values: pl.Series) -> pl.Series:
    """Return dates or date-times as seconds since 1970, float64; those without a zone are taken as UTC."""
    if values.dtype == pl.Date:
        values = values.cast(pl.Datetime("us"))
    return values.dt.epoch("us").cast(pl.Float64) / 1e6


def formats_of(values: pl.Series) -> list[str]:
    """Return the formats in which every value is a date-time, the likeliest first; none where values are no text.

    Args:
        values: text without what is missing.
    """
    present = values.drop_nulls()
    if not len(present) or not present.head(SAMPLE).str.contains(DIGIT).all():
        return []
    sampled = [form for form in FORMATS if not parse_datetimes(present.head(SAMPLE), form).has_nulls()]
    return [form for form in sampled if not parse_datetimes(present, form).has_nulls()]
