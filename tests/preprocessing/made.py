"""Fitted preprocessing for tests: every kind of column with every option."""

from __future__ import annotations

from factory.preprocessing.columns import BooleanColumn, CategoryColumn, DatetimeColumn, NumberColumn, TextColumn
from factory.preprocessing.spec import Answer, Preprocessing

DAY = 86400.0
YES, NO = ("1", "true", "yes"), ("0", "false", "no")
EVERYTHING = Preprocessing(
    (
        NumberColumn("age", "age", fill=40.0, indicator=True, low=18.0, high=90.0, center=42.5, scale=11.3),
        NumberColumn("amount (EUR)", "amount_EUR", 250.0, False, 0.0, 1e6, log=True, center=5.1, scale=2.2),
        NumberColumn("raw", "raw", fill=-0.1, indicator=True, low=-3e38, high=3e38),
        NumberColumn("income", "income", 0.0, False, -5.0, 5e4, bins=(0.0, 0.1, 1200.5, 3e4)),
        CategoryColumn("job", "job", ("clerk", "nurse", "größe", "日本", " x", "x ", "a\0b", "a\0", "🙂", "null")),
        CategoryColumn("town", "town", ("bern", "né", "ß", "İ"), lower=True, one_hot=True),
        CategoryColumn("street", "street", (), buckets=37, lower=True),
        CategoryColumn("shop", "shop", (), buckets=1_000_003),
        BooleanColumn("member", "member", YES, NO, fill=1.0, indicator=True),
        BooleanColumn("late", "late", ("j",), ("n", "nein"), fill=0.25, indicator=False),
        DatetimeColumn(
            "opened", "opened", 9e8, True, 0.0, 2e9, 1e9, 3e8, elapsed=True, parts=("month", "day", "weekday", "hour")
        ),
        DatetimeColumn("closed", "closed", 0.0, False, -1e12, 1e12, 0.0, DAY, elapsed=False, parts=("hour", "day")),
        TextColumn("note", "note", ("the", "don't", "größe", "naïve", "日本", "x"), length=5),
        TextColumn("title", "title", ("the", "a", "it's", "🙂"), length=0),
    ),
    (Answer("risk", ("bad", "good")), Answer("stars", (1, 2, 5)), Answer("price", None)),
)
