"""The file of fitted preprocessing: read as it was written, refused where anybody made something else of it."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import pytest

from factory.preprocessing import spec
from factory.preprocessing.columns import CategoryColumn, NumberColumn, cycle
from factory.preprocessing.spec import Answer, Preprocessing
from tests.preprocessing.made import EVERYTHING

KINDS = ", ".join(spec.KINDS)
NUMBER_FIELDS = "name, input, fill, indicator, low, high, log, center, scale, bins, …"
TWICE = "takes a different name for each"


def written() -> Any:
    return json.loads(json.dumps(EVERYTHING.to_json()))


def outputs(*nodes: Any) -> Any:
    return {"format": 1, "columns": [], "outputs": list(nodes)}


def place(kind: str) -> int:
    return next(i for i, column in enumerate(EVERYTHING.columns) if column.kind == kind)


def test_what_is_written_is_read_as_the_same() -> None:
    assert Preprocessing.from_json(written()) == EVERYTHING


def test_whole_numbers_are_taken_where_floats_are_asked_for() -> None:
    fields = written()
    fields["columns"][0]["fill"] = 40
    assert type(Preprocessing.from_json(fields).columns[0].fill) is float  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("kind", "changes", "message"),
    [
        ("number", {"kind": "numbr"}, f"columns[0].kind: got 'numbr'; takes {KINDS}; did you mean 'number'?"),
        ("number", {"kind": ["number"]}, f"columns[0].kind: got ['number']; takes {KINDS}"),
        ("number", {"fill": math.nan}, "columns[0].fill: got nan; takes a number"),
        ("number", {"high": math.inf}, "columns[0].high: got inf; takes a number"),
        ("number", {"fill": "40"}, "columns[0].fill: got '40'; takes a number"),
        ("number", {"fill": True}, "columns[0].fill: got True; takes a number"),
        ("number", {"indicator": 1}, "columns[0].indicator: got 1; takes true or false"),
        ("number", {"name": "\ud800"}, "columns[0].name: got '\\ud800'; takes a text"),
        ("number", {"bins": 3}, "columns[0].bins: got 3; takes a list"),
        ("number", {"bins": [0, "1"]}, "columns[0].bins[1]: got '1'; takes a number"),
        ("number", {"bins": [0, 1, 1]}, "age.bins: got (0.0, 1.0, 1.0); takes boundaries that increase"),
        ("number", {"scale": 0}, "age.scale: got 0.0; takes a number other than 0"),
        ("number", {"low": 91.0}, "age.low: got 91.0; takes at most high, which is 90.0"),
        ("number", {"more": 1}, f"columns[0].more: unknown key; takes {NUMBER_FIELDS}; did you mean 'name'?"),
        ("number", {"input": "a b"}, "input: got 'a b'; takes an identifier"),
        ("number", {"input": "codes"}, "input: got 'codes'; takes no name of a tensor: numbers, codes"),
        ("number", {"input": "job"}, "names of columns and outputs: got ['job']; takes a different name for each"),
        (
            "number",
            {"input": "risk_probabilities"},
            f"names of columns and outputs: got ['risk_probabilities']; {TWICE}",
        ),
        ("category", {"vocabulary": ["a", "a"]}, "job.vocabulary: got ['a']; takes each word once"),
        (
            "category",
            {"vocabulary": ["a", ""]},
            "job.vocabulary: got ''; takes no empty word, which is a missing value",
        ),
        (
            "category",
            {"lower": True, "vocabulary": ["A"]},
            "job.vocabulary: got ['A']; takes words in small letters, as they are looked up",
        ),
        ("category", {"buckets": 5}, "job.buckets: got 5; takes 0 beside a vocabulary"),
        ("category", {"buckets": -1}, "job.buckets: got -1; takes a whole number from 0 to 2,147,483,646"),
        ("category", {"buckets": 1.0}, "columns[4].buckets: got 1.0; takes a whole number"),
        ("boolean", {"true": []}, "member.true: got (); takes at least one spelling, as does false"),
        ("boolean", {"true": ["no"]}, "member.true and false: got ['no']; takes each word once"),
        ("datetime", {"parts": ["year"]}, "columns[10].parts[0]: got 'year'; takes hour, weekday, day, month"),
        ("datetime", {"parts": ["day", "day"]}, "opened.parts: got ('day', 'day'); takes each part once"),
        ("text", {"length": -1}, "note.length: got -1; takes 1 to 1,000,000, or 0 with a vocabulary"),
        ("text", {"length": 0, "vocabulary": []}, "note.length: got 0; takes 1 to 1,000,000, or 0 with a vocabulary"),
        ("text", {"vocabulary": ["a b"]}, "note.vocabulary: got ['a b']; takes words without separators"),
    ],
)
def test_a_wrong_column_is_refused(kind: str, changes: dict[str, Any], message: str) -> None:
    fields = written()
    fields["columns"][place(kind)].update(changes)
    with pytest.raises(ValueError, match=f"^(preprocessing\\.)?{re.escape(message)}$"):
        Preprocessing.from_json(fields)


def test_every_field_must_be_there() -> None:
    for number, column in enumerate(EVERYTHING.columns):
        for key in {"kind": column.kind, **vars(column)}:
            fields = written()
            del fields["columns"][number][key]
            with pytest.raises(
                ValueError, match=rf"^preprocessing\.columns\[{number}\]\.{key}: (missing|got None); takes"
            ):
                Preprocessing.from_json(fields)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ([], "preprocessing: got []; takes an object with format, columns, outputs"),
        ({"format": 1, "columns": []}, "preprocessing.outputs: missing; takes a value"),
        ({"format": 1.5, "columns": [], "outputs": []}, "preprocessing.format: got 1.5; takes 1"),
        ({"format": 1, "columns": {}, "outputs": []}, "preprocessing.columns: got {}; takes a list"),
        ({"format": 1, "columns": [3], "outputs": []}, f"preprocessing.columns[0].kind: got None; takes {KINDS}"),
        (outputs({"name": "y", "labels": "ab"}), "preprocessing.outputs[0].labels: got 'ab'; takes a list"),
        (
            outputs({"name": "y", "labels": ["a", 1]}),
            "y.labels: got ('a', 1); takes texts alone or whole numbers alone",
        ),
        (outputs({"name": "y", "labels": ["a", "a"]}), "y.labels: got ('a', 'a'); takes labels that differ, or null"),
        (
            outputs({"name": "y", "labels": [0.5, 1]}),
            "preprocessing.outputs[0].labels[0]: got 0.5; takes a whole number or a text",
        ),
    ],
)
def test_a_wrong_file_is_refused(fields: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        Preprocessing.from_json(fields)


def test_a_column_of_wrong_parts_cannot_be_made_in_the_first_place() -> None:
    with pytest.raises(ValueError, match=r"^x\.scale: got nan; takes a finite number$"):
        NumberColumn("x", "x", 0.0, False, 0.0, 1.0, scale=math.nan)
    with pytest.raises(ValueError, match="a different name for each"):
        Preprocessing((CategoryColumn("a", "y", ()),), (Answer("y", None),))


def test_a_cycle_closes() -> None:
    assert cycle("weekday")[0] == (0.0, 1.0) and len(cycle("day")) == 31
