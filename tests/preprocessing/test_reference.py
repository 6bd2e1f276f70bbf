"""The reference implementation: expected values are written by hand, so that nothing proves itself."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from factory.preprocessing import reference
from factory.preprocessing.columns import (
    BooleanColumn,
    CategoryColumn,
    Column,
    DatetimeColumn,
    NumberColumn,
    TextColumn,
)
from factory.preprocessing.reference import answer, encode, murmur
from factory.preprocessing.spec import Answer, Preprocessing
from tests.preprocessing.made import EVERYTHING

NAN, INF = math.nan, math.inf


def encoded(column: Column, values: Any, tensor: str = "numbers") -> Any:
    specification = json.loads(json.dumps(Preprocessing((column,), ()).to_json()))
    return encode(specification, {column.input: values})[tensor].tolist()


def test_a_number_is_filled_clipped_and_standardized_and_its_absence_is_told() -> None:
    column = NumberColumn("x", "x", fill=4.0, indicator=True, low=0.0, high=10.0, center=2.0, scale=4.0)
    found = encoded(column, [6, None, NAN, -INF, INF, 11.5, -3])
    assert found == [[1, 0], [0.5, 1], [0.5, 1], [-0.5, 0], [2, 0], [2, 0], [-0.5, 0]]


def test_the_logarithm_counts_from_the_lower_bound() -> None:
    column = NumberColumn("x", "x", 0.0, False, low=-1.0, high=1e9, log=True, center=1.0, scale=2.0)
    assert encoded(column, [-1.0, math.e - 2, math.e**3 - 2]) == [[-0.5], [0.0], [1.0]]


def test_numbers_are_rounded_to_32_bits_last() -> None:
    column = NumberColumn("x", "x", 0.0, False, 0.0, 1e18, center=1e9, scale=0.5)
    assert encoded(column, [1e9 + 0.25]) == [[0.5]]  # in float32 the difference would be 0


def test_a_bin_begins_at_its_boundary_and_what_is_missing_has_a_code_of_its_own() -> None:
    column = NumberColumn("x", "x", 0.0, False, -10.0, 10.0, bins=(0.0, 5.0))
    below = float(np.nextafter(5.0, 0))
    assert encoded(column, [-INF, -1e-300, 0.0, -0.0, below, 5.0, INF, NAN], "codes") == [
        *([2], [2], [3], [3], [3], [4], [4], [0])
    ]


def test_a_category_is_looked_up_as_it_is_written() -> None:
    column = CategoryColumn("c", "c", ("b", "a", "a "))
    values = ["a", "b", "", None, "A", " a", "a ", "a\0", "é"]
    assert encoded(column, values, "codes") == [[3], [2], [0], [0], [1], [1], [4], [1], [1]]


def test_only_the_letters_of_ascii_are_made_small() -> None:
    column = CategoryColumn("c", "c", ("é", "ab"), lower=True)
    assert encoded(column, ["AB", "É", "é", "\u212a"], "codes") == [[3], [1], [2], [1]]


def test_a_hashed_category_is_the_murmur_hash_of_its_utf8() -> None:
    column = CategoryColumn("c", "c", (), buckets=1000)
    expected = [[1 + 3822294591 % 1000], [1 + 1918629963 % 1000], [0]]
    assert encoded(column, ["größe", "🙂 x\0", ""], "codes") == expected


def test_murmur_hashes_are_those_of_scikit_learn() -> None:  # sklearn.utils.murmurhash3_32(key, 0, positive=True), 1.7
    known = {b"": 0, b"a": 1009084850, b"ab": 2613040991, b"abc": 3017643002, b"abcd": 1139631978}
    assert murmur(known).tolist() == list(known.values())


def test_a_boolean_that_is_neither_spelling_counts_as_missing() -> None:
    column = BooleanColumn("b", "b", ("yes", "1"), ("no",), fill=0.5, indicator=True)
    assert encoded(column, ["YES", "1", "No", "maybe", "", None]) == [
        [1, 0],
        [1, 0],
        [0, 0],
        [0.5, 1],
        [0.5, 1],
        [0.5, 1],
    ]


def test_the_parts_of_a_date_time_are_those_of_the_calendar() -> None:
    column = DatetimeColumn("t", "t", 0.0, False, 0.0, 1.0, 0.0, 1.0, False, ("hour", "weekday", "day", "month"))
    times = [datetime(*when, tzinfo=UTC) for when in _dates()]
    found = np.array(encoded(column, [time.timestamp() for time in times]), np.float32)
    for row, time in zip(found, times, strict=True):
        places = ((time.hour, 24), (time.weekday(), 7), (time.day - 1, 31), (time.month - 1, 12))
        waves = [wave(2 * math.pi * place / size) for place, size in places for wave in (math.sin, math.cos)]
        assert row.tolist() == np.array(waves, np.float32).tolist(), time


def _dates() -> list[tuple[int, ...]]:
    days = [(1, 1, 1), (1582, 10, 10), (1900, 2, 28), (1900, 3, 1), (1969, 12, 31), (1970, 1, 1), (2000, 2, 29)]
    days += [(2024, 2, 29), (2024, 12, 31), (9999, 12, 31)]
    return [(*day, *clock) for day in days for clock in ((0, 0, 0), (23, 59, 59), (12, 30, 0))]


def test_a_date_time_out_of_the_calendar_has_the_parts_of_its_end_and_a_missing_one_has_none() -> None:
    column = DatetimeColumn("t", "t", 20.0, True, 0.0, 100.0, 10.0, 10.0, True, ("weekday",))
    first, last = encoded(column, [-62135596800.0, 253402300799.0])
    missing = [1.0, 0.0, 0.0, 1.0]
    found = encoded(column, [-INF, -1e300, INF, 253402300799.75, NAN])
    assert found == [first, first, last, last, missing]
    assert first[0] == -1.0 and last[0] == 9.0


def test_the_part_of_a_second_belongs_to_the_second_before() -> None:
    column = DatetimeColumn("t", "t", 0.0, False, 0.0, 1.0, 0.0, 1.0, False, ("hour",))
    before, after = encoded(column, [-1.0, 0.0])
    assert encoded(column, [-0.5, -5e-324, 0.5]) == [before, before, after]


def test_a_text_becomes_ids_of_its_words() -> None:
    column = TextColumn("t", "t", ("the", "don't", "é"), length=4)
    values = ["The THE, don't!", "", None, " .,\n", "é É the\0 the the the the", "\u00a0the"]
    expected = [[2, 2, 3, 0], [0] * 4, [0] * 4, [0] * 4, [4, 1, 1, 2], [1, 0, 0, 0]]
    assert encoded(column, values, "t") == expected


def test_a_bag_counts_known_words() -> None:
    column = TextColumn("t", "t", ("the", "a"), length=0)
    assert encoded(column, ["a-the a", "what?", ""], "t") == [[1, 2], [0, 0], [0, 0]]


def test_the_tensors_are_those_that_the_specification_promises() -> None:
    rows = {wire.name: [None] * 3 for wire in EVERYTHING.wires}
    found = encode(EVERYTHING.to_json(), rows)
    assert {name: (array.dtype.name, array.shape) for name, array in found.items()} == {
        tensor.name: (tensor.dtype, (3, *tensor.shape)) for tensor in EVERYTHING.tensors
    }


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"x": [1.0]}, "column 'c': missing; got x"),
        ({"x": [1.0], "c": ["a"], "d": [1]}, "column 'd': unknown; takes x, c"),
        ({"x": [1.0], "c": ["a", "b"]}, "column 'c': got 2 rows; column 'x' has 1"),
        ({"x": ["1"], "c": ["a"]}, "column 'x': row 0: got '1'; takes a number"),
        ({"x": [None, True], "c": ["a", "b"]}, "column 'x': row 1: got True; takes a number"),
        ({"x": [10**400], "c": ["a"]}, "column 'x': got a whole number beyond 1.8e308; takes 64-bit floats"),
        ({"x": np.zeros((1, 1)), "c": ["a"]}, "column 'x': got shape (1, 1); takes (rows,)"),
        ({"x": [1.0], "c": [b"a"]}, "column 'c': row 0: got b'a'; takes text"),
    ],
)
def test_rows_that_do_not_fit_are_refused(rows: dict[str, Any], message: str) -> None:
    columns = (NumberColumn("x", "x", 0.0, False, 0.0, 1.0), CategoryColumn("c", "c", ("a",)))
    with pytest.raises(ValueError) as caught:
        encode(Preprocessing(columns, ()).to_json(), rows)
    assert str(caught.value) == message


def test_another_format_is_refused() -> None:
    with pytest.raises(ValueError, match="format: got 2; takes 1"):
        encode({**EVERYTHING.to_json(), "format": 2}, {})


def test_answers_name_the_most_probable_label() -> None:
    probabilities = np.array([[0.2, 0.8], [0.5, 0.5]], np.float32)
    stars = np.array([[0.1, 0.1, 0.8], [0.9, 0.1, 0.0]], np.float32)
    price = np.array([[3.5], [4.5]], np.float32)
    found = answer(EVERYTHING.to_json(), {"risk": probabilities, "stars": stars, "price": price})
    assert list(found) == ["risk", "risk_probabilities", "stars", "stars_probabilities", "price"]
    assert found["risk"].tolist() == ["good", "bad"] and found["risk"].dtype == object
    assert found["stars"].tolist() == [5, 1] and found["stars"].dtype == np.int64
    assert found["risk_probabilities"] is probabilities and found["price"] is price


def test_outputs_that_do_not_fit_are_refused() -> None:
    specification = Preprocessing((), (Answer("risk", ("bad", "good")),)).to_json()
    with pytest.raises(ValueError, match=r"^output 'risk': missing; got risks$"):
        answer(specification, {"risks": np.zeros((1, 2))})
    with pytest.raises(ValueError, match=r"^output 'risk': got shape \(1, 3\); takes \(rows, 2\)$"):
        answer(specification, {"risk": np.zeros((1, 3))})


def test_a_copy_of_the_file_works_where_nothing_but_numpy_is(tmp_path: Path) -> None:
    shutil.copy(str(reference.__file__), tmp_path / "preprocessing.py")
    (tmp_path / "preprocessing.json").write_text(json.dumps(EVERYTHING.to_json()))
    script = f"""
import json, sys
from preprocessing import encode
rows = {{name: [None] for name in {[wire.name for wire in EVERYTHING.wires]}}}
print(sorted(encode(json.load(open("preprocessing.json")), rows)))
assert not {{"factory", "polars", "keras"}} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(sorted(tensor.name for tensor in EVERYTHING.tensors))
