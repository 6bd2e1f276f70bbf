"""Strange rows: each fault that an encoder may have shows on them, and so does each value they promise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from factory.preprocessing.reference import encode
from factory.preprocessing.spec import Preprocessing
from factory.preprocessing.strange import strange_rows
from tests.preprocessing.made import EVERYTHING

ROWS = strange_rows(EVERYTHING)


def test_the_same_seed_gives_the_same_rows() -> None:
    assert all(repr(list(values)) == repr(list(ROWS[name])) for name, values in strange_rows(EVERYTHING).items())
    assert any(repr(list(values)) != repr(list(ROWS[name])) for name, values in strange_rows(EVERYTHING, 1).items())


def test_the_rows_are_those_of_the_wire_and_few() -> None:
    assert {name: values.dtype.kind for name, values in ROWS.items()} == {
        wire.name: "f" if wire.dtype == "float64" else "O" for wire in EVERYTHING.wires
    }
    (count,) = {len(values) for values in ROWS.values()}
    assert 200 <= count <= 400


def test_each_column_is_missing_alone_and_all_are_missing_together() -> None:
    missing = np.array([[value == "" or value != value for value in values] for values in ROWS.values()])
    width = len(EVERYTHING.columns)
    assert missing[:, -width:].tolist() == np.eye(width, dtype=bool).tolist()
    assert missing[:, -width - 1].all() and not missing[:, -width - 2].any()


def test_boundaries_and_their_neighbours_are_among_the_rows() -> None:
    income = set(ROWS["income"])
    for edge in (-5.0, 5e4, 0.0, 0.1, 1200.5, 3e4):
        assert {np.nextafter(edge, -np.inf), edge, np.nextafter(edge, np.inf)} <= income


def test_a_large_vocabulary_is_sampled_with_its_ends() -> None:
    words = tuple(f"word {place}" for place in range(5000))
    large = replace(EVERYTHING, columns=(replace(column("job"), vocabulary=words),))
    rows = strange_rows(large)["job"]
    assert {words[0], words[-1]} < set(rows) and 200 <= len(rows) <= 400


def column(name: str) -> Any:
    return next(column for column in EVERYTHING.columns if column.input == name)


def changed(name: str, **fields: Any) -> Callable[[], Preprocessing]:
    def change() -> Preprocessing:
        columns = (replace(c, **fields) if c.input == name else c for c in EVERYTHING.columns)
        return replace(EVERYTHING, columns=tuple(columns))

    return change


def swapped(name: str, other: str) -> Callable[[], Preprocessing]:
    """The fault of a client, or of a graph, that confuses two columns of one type."""

    def change() -> Preprocessing:
        inputs = {name: other, other: name}
        columns = (replace(c, input=inputs.get(c.input, c.input)) for c in EVERYTHING.columns)
        return replace(EVERYTHING, columns=tuple(columns))

    return change


FAULTS = {
    "fill": changed("age", fill=40.000002),
    "no lower clip": changed("age", low=-3e38),
    "no upper clip": changed("age", high=3e38),
    "clip off by one bit": changed("raw", high=float(np.nextafter(np.float32(3e38), np.float32(0)))),
    "no log": changed("amount_EUR", log=False),
    "center": changed("age", center=42.5001),
    "scale": changed("age", scale=11.3 * 1.0001),
    "bin off by one bit": changed("income", bins=(0.0, float(np.nextafter(0.1, 1)), 1200.5, 3e4)),
    "bin left out": changed("income", bins=(0.0, 0.1, 3e4)),
    "first words swapped": changed("job", vocabulary=("nurse", "clerk", *EVERYTHING.columns[4].vocabulary[2:])),  # type: ignore[union-attr]
    "last word left out": changed("job", vocabulary=EVERYTHING.columns[4].vocabulary[:-1]),  # type: ignore[union-attr]
    "trimmed": changed("job", vocabulary=("clerk", "nurse", "größe", "日本", "x", " x", "a\0b", "a\0", "🙂", "null")),
    "NUL ends a text": changed(
        "job", vocabulary=("clerk", "nurse", "größe", "日本", " x", "x ", "a\0b", "a", "🙂", "null")
    ),
    "made small": changed("job", lower=True),
    "not made small": changed("town", lower=False),
    "buckets": changed("shop", buckets=1_000_002),
    "yes and no swapped": changed("late", true=("n", "nein"), false=("j",)),
    "a spelling left out": changed("member", false=("0", "false")),
    "fill of a boolean": changed("late", fill=0.0),
    "parts in another order": changed("opened", parts=("day", "month", "weekday", "hour")),
    "words of a text swapped": changed("note", vocabulary=("don't", "the", "größe", "naïve", "日本", "x")),
    "places in a bag swapped": changed("title", vocabulary=("a", "the", "it's", "🙂")),
    "numbers swapped": swapped("age", "raw"),
    "booleans swapped": swapped("member", "late"),
    "categories swapped": swapped("street", "shop"),
    "texts swapped": swapped("note", "title"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_shows(fault: str) -> None:
    faulty = FAULTS[fault]()
    texts = {c.input: old.input for c, old in zip(faulty.columns, EVERYTHING.columns, strict=True)}
    found = {texts.get(name, name): tensor for name, tensor in encode(faulty.to_json(), ROWS).items()}
    expected = encode(EVERYTHING.to_json(), ROWS)
    assert any(not np.array_equal(found[name], expected[name]) for name in expected)
