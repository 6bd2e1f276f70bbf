"""What a user declares of columns: accepted as written, refused in one line a fault."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
import yaml

from factory.core.errors import ConfigError
from factory.preprocessing.declared import (
    DECLARED,
    NO,
    Boolean,
    Category,
    Datetime,
    Ignore,
    Number,
    Text,
    parse,
    parse_columns,
    write,
)


def test_a_kind_alone_takes_every_default() -> None:
    words = {name: kind() for name, kind in DECLARED.items()}
    assert parse_columns({name: name for name in words}) == words
    assert parse_columns({name: {"kind": name} for name in words}) == words


def test_every_default_is_accepted_where_it_is_written() -> None:
    for name, kind in DECLARED.items():
        node = {one.name: list(one.default) if isinstance(one.default, tuple) else one.default for one in fields(kind)}
        assert parse({"kind": name, **node}, "x") == kind()


def test_yaml_is_read_as_people_write_it() -> None:
    text = """
    age: {kind: number, missing: 0, clip: [0, 120], bins: 8}
    job: {kind: category, min_count: 1, encoding: one_hot}
    member: {kind: boolean, true: [J, 1], false: [N, 0], missing: false}
    opened: {kind: datetime, format: '%d.%m.%Y', parts: [month, weekday]}
    note: {kind: text, bag: true}
    id: ignore
    2020: number
    """
    assert parse_columns(yaml.safe_load(text)) == {
        "age": Number(missing=0.0, clip=(0.0, 120.0), bins=8),
        "job": Category(min_count=1, encoding="one_hot"),
        "member": Boolean(true=("j", "1"), false=("n", "0"), missing=0.0),
        "opened": Datetime(format="%d.%m.%Y", parts=("month", "weekday")),
        "note": Text(bag=True),
        "id": Ignore(),
        "2020": Number(),
    }


def test_what_is_written_is_read_as_the_same() -> None:
    declared = [Number(), Number(missing=-1.0, clip=(-1.0, 1.0)), Boolean(true=("j",)), Datetime(parts=()), Ignore()]
    assert [parse(write(one), "x") for one in declared] == declared
    assert write(Category()) == "category" and write(Text(length=9)) == {"kind": "text", "length": 9}


NUMBER = {"kind": "number"}
KINDS = ", ".join(DECLARED)
QUOTES = "put quotes around yes, no, on, off, true, false"
FILLING = "median, mean, refuse or a number"


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ("numbr", f"c.x: got 'numbr'; takes {KINDS}; did you mean 'number'?"),
        ({"kind": "str"}, f"c.x.kind: got 'str'; takes {KINDS}"),
        ({"missing": 0}, f"c.x.kind: missing; takes {KINDS}"),
        (None, f"c.x: missing; takes {KINDS}"),
        (3, f"c.x: got 3; takes {KINDS}, or a mapping with kind and its arguments"),
        ({"kind": "ignore", "log": 1}, "c.x.log: unknown key; takes kind"),
        (
            NUMBER | {"clipp": 1},
            "c.x.clipp: unknown key; takes kind, missing, indicator, scale, log, clip, bins; did you mean 'clip'?",
        ),
        (NUMBER | {"missing": "men"}, f"c.x.missing: got 'men'; takes {FILLING}; did you mean 'mean'?"),
        (NUMBER | {"missing": float("nan")}, f"c.x.missing: got nan; takes {FILLING}"),
        (NUMBER | {"missing": True}, f"c.x.missing: got True; takes {FILLING}"),
        (NUMBER | {"missing": "???"}, f"c.x.missing: missing; takes {FILLING}"),
        (NUMBER | {"clip": [1, 1]}, "c.x.clip: got [1, 1]; takes a list [lowest, highest] or null"),
        (NUMBER | {"clip": [0, 1], "missing": 2}, "c.x.missing: got 2.0; takes a number within clip: [0.0, 1.0]"),
        (NUMBER | {"bins": 1}, "c.x.bins: got 1; takes 0 or a whole number from 2 to 1,000"),
        (
            NUMBER | {"bins": 4, "log": True},
            "c.x.log: got True; takes false beside bins, which are the same with and without",
        ),
        ({"kind": "category", "min_count": 0}, "c.x.min_count: got 0; takes a whole number from 1 to 2,147,483,647"),
        ({"kind": "boolean", "true": [True]}, f"c.x.true: got [True]; takes a list of texts; {QUOTES}"),
        ({"kind": "boolean", "true": ["No"]}, "c.x.false: got 'no'; takes spellings that are not among those of true"),
        ({"kind": "boolean", "false": [""]}, "c.x.false: got ''; takes no empty text, which is a missing value"),
        ({"kind": "boolean", "missing": 2}, f"c.x.missing: got 2; takes {FILLING} from 0 to 1 or true or false"),
        (
            {"kind": "datetime", "parts": ["hours"]},
            "c.x.parts: got ['hours']; takes a list of hour, weekday, day, month or null",
        ),
        (
            {"kind": "datetime", "parts": [], "elapsed": False},
            "c.x.parts: got []; takes at least one part where elapsed is false",
        ),
        ({"kind": "text", "words": "many"}, "c.x.words: got 'many'; takes a whole number from 1 to 10,000,000"),
    ],
)
def test_a_fault_is_one_line(node: Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_columns({"x": node}, "c")
    assert caught.value.problems == [message]


def test_the_faults_of_all_columns_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_columns({"x": {"kind": "number", "log": 1, "scale": "max"}, "y": "text", "z": "date", True: "number"})
    assert [problem.partition(":")[0] for problem in caught.value.problems] == [
        *("data.columns.x.log", "data.columns.x.scale", "data.columns.z", "data.columns")
    ]


def test_columns_are_a_mapping() -> None:
    with pytest.raises(ConfigError, match=r"^data\.columns: got \['age'\]; takes a mapping from column to kind$"):
        parse_columns(["age"])


def test_the_usual_spellings_of_yes_and_no_do_not_overlap() -> None:
    assert not set(NO) & set(Boolean().true)
