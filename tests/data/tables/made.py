"""A credit table as people have them: numbers, categories, booleans, a date, free text, missing values, an ID."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

PURPOSES = ("car", "house", "repair", "education", "business", "holiday")
JOBS = ("clerk", "manager", "skilled", "unskilled", "self-employed")
GOOD = ("paid earlier loans on time", "stable income for years", "owns savings at the bank", "recommended by a branch")
BAD = (
    "late payments in the past",
    "several open loans elsewhere",
    "a cheque bounced last year",
    "quarrel with landlord",
)
NEUTRAL = ("called twice about the form", "asked for a brochure", "prefers contact by mail", "visited the town branch")


def credit(rows: int = 3000, seed: int = 0) -> pl.DataFrame:
    """Return a table whose last column, ``risk``, follows from the others by a rule, with noise."""
    draw = np.random.default_rng(seed)
    age, months = draw.integers(18, 80, rows), draw.choice([6, 12, 24, 36, 48, 60], rows)
    income, amount = np.exp(draw.normal(10, 0.6, rows)).round(2), np.exp(draw.normal(8.5, 0.8, rows)).round()
    job, purpose = draw.choice(JOBS, rows), draw.choice(PURPOSES, rows)
    owner, phone, risky = (draw.random(rows) < share for share in (0.4, 0.7, 0.4))
    opened = np.datetime64("2015-01-01") + draw.integers(0, 3650, rows).astype("timedelta64[D]")
    notes = [f"{draw.choice(BAD if bad else GOOD)}; {draw.choice(NEUTRAL)}" for bad in risky]
    month = opened.astype("datetime64[M]").astype(int) % 12
    score = 1.1 * np.log(amount / months / (income / 12) * 10) + 1.6 * risky - 0.03 * (age - 45) - 1.2
    score += 0.8 * (purpose == "business") - 0.6 * (purpose == "education") - 0.8 * (job == "manager") - 0.7 * owner
    score += 0.5 * np.sin(2 * np.pi * month / 12)
    risk = draw.random(rows) < 1 / (1 + np.exp(-score))

    def with_holes(values: Any, share: float) -> list[Any]:
        gone = draw.random(rows) < share
        return [None if hole else value for value, hole in zip(np.asarray(values).tolist(), gone, strict=True)]

    return pl.DataFrame(
        {
            "customer_id": np.arange(100_000, 100_000 + rows),
            "age": with_holes(age, 0.03),
            "income": with_holes(income, 0.08),
            "amount": amount,
            "months": months,
            "job": with_holes(job, 0.05),
            "purpose": purpose,
            "owner": with_holes(np.where(owner, "yes", "no"), 0.02),
            "phone": np.where(phone, "Y", "N"),
            "opened": opened.astype(str),
            "notes": with_holes(notes, 0.1),
            "risk": np.where(risk, "bad", "good"),
        }
    )


def houses(rows: int = 3000, seed: int = 0) -> pl.DataFrame:
    """Return a table whose last column, ``price``, is a product of the others' effects."""
    draw = np.random.default_rng(seed)
    area = draw.normal(110, 35, rows).clip(25, 300).round()
    built, distance = draw.integers(1900, 2024, rows), draw.exponential(6, rows).round(1)
    cities = {"Paris": 9000, "Rome": 5200, "Berlin": 5600, "Oslo": 7600, "Porto": 3300, "Vienna": 6100}
    city, garden = draw.choice([*cities], rows), draw.choice(["yes", "no"], rows)
    price = area * [cities[name] for name in city] * np.exp(-distance / 18) * (1 + 0.1 * (garden == "yes"))
    price = price * (1 + ((built - 1960) / 120) ** 2 * 0.5) * np.exp(draw.normal(0, 0.08, rows))
    columns = {"area": area, "built": built, "city": city, "garden": garden, "distance": distance}
    return pl.DataFrame({**columns, "price": price.round(-2)})
