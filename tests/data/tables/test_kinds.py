"""What the values of a column say that it is."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from factory.data.tables.kinds import infer_kind
from factory.data.tables.numbers import Notation, likelier, parse_numbers
from factory.preprocessing import declared as d
from tests.data.tables.made import credit


def kind_of(values: list[Any], name: str = "x", **notation: Any) -> tuple[str, str]:
    found = infer_kind(name, pl.Series(values), Notation(**notation))
    return found.declared.kind, found.reason


def test_the_columns_of_a_credit_table_are_what_a_person_would_say() -> None:
    table = credit(400).with_columns(pl.all().cast(pl.String))
    assert {name: infer_kind(name, table[name], Notation()).declared.kind for name in table.columns} == {
        "customer_id": "ignore",
        "age": "number",
        "income": "number",
        "amount": "number",
        "months": "number",
        "job": "category",
        "purpose": "category",
        "owner": "boolean",
        "phone": "boolean",
        "opened": "datetime",
        "notes": "text",
        "risk": "category",
    }


CASES: dict[str, tuple[list[Any], str]] = {
    "numbers with gaps": (["1", "2.5", "", "NA", "-3e2"], "number"),
    "one value": (["x", "x", "x"], "ignore"),
    "one value and gaps": (["x", "", "x"], "category"),
    "nothing": (["", "?", "NA"], "ignore"),
    "yes in German": (["ja", "nein", "Ja"], "boolean"),
    "stored booleans": ([True, False, None], "boolean"),
    "stored numbers": ([1.5, None, 2.0], "number"),
    "leading zeros": (["01234", "00999", "10115"] * 10, "category"),
    "dates": (["2024-01-31", "1999-12-01"], "datetime"),
    "German dates": (["31.01.2024", "01.12.1999"], "datetime"),
    "times with zones": (["2024-01-31T10:20:30Z", "2024-01-31T10:20:30.5+02:00"], "datetime"),
    "different words": ([f"A{i * 7919}" for i in range(100)], "ignore"),
    "a few words": (["red", "green", "blue"] * 3, "category"),
    "sentences": ([f"the price of item {i} was {i * 3} euros" for i in range(60)], "text"),
    "lists": ([[1], [2]], "ignore"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_column_is_what_its_values_are(case: str) -> None:
    values, kind = CASES[case]
    assert kind_of(values)[0] == kind


def test_the_reason_is_in_the_values() -> None:
    assert kind_of([f"{i}" for i in range(50)])[1] == "a number of its own for each row, without a gap"
    assert kind_of([f"{i * 3}" for i in range(50)])[0] == "number"
    assert kind_of([f"{i * 3}" for i in range(50)], "customerId") == (
        "ignore",
        "a number of its own for each row, named like an identifier",
    )
    ambiguous = kind_of(["05/06/2024", "01/02/2023"])[1]
    assert ambiguous == "every value is a date as %m/%d/%Y; %d/%m/%Y fits as well"


def test_a_date_keeps_the_format_it_was_found_in() -> None:
    found = infer_kind("day", pl.Series(["31.01.2024", "01.12.1999"]), Notation())
    assert found.declared == d.Datetime(format="%d.%m.%Y")


def test_text_among_numbers_is_a_fault_with_two_ways_out() -> None:
    found = infer_kind("age", pl.Series(["1", "2", "abc", "4"]), Notation())
    assert found.fault == (
        2,
        "got 'abc'; takes a number, as 3 of 4 values are; data.missing=[abc] counts it as missing, "
        "data.columns={age: category} takes all as words",
    )
    assert infer_kind("age", pl.Series(["1", "2", "abc", "4"]), Notation(missing=("abc",))).fault is None


def test_a_decimal_comma_is_a_fault_that_names_the_notation() -> None:
    found = infer_kind("price", pl.Series(["1.234,50", "7,25", "3"]), Notation())
    assert found.fault == (0, "got '1.234,50'; takes numbers; data.decimal=',' data.thousands='.' reads it")
    assert likelier(pl.Series(["1,234.5", "7"]), Notation()) == Notation(".", ",")
    assert parse_numbers(pl.Series(["1.234,50", "7,25", "3", "1.5"]), Notation(",", ".")).to_list() == [
        1234.5,
        7.25,
        3.0,
        None,
    ]
