"""Preprocessing compiled into a graph encodes strange rows as the reference does, to the bit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from factory.export.encoders.layout import calendar_part
from factory.export.skew import skews
from factory.preprocessing.columns import EARLIEST, PARTS
from factory.preprocessing.reference import encode
from factory.preprocessing.strange import strange_rows
from tests.preprocessing.made import EVERYTHING

ROOT = Path(__file__).parents[3]


@pytest.mark.slow
@pytest.mark.parametrize("compiler", ["onnx", "tensorflow"])
def test_a_compiled_encoder_is_the_reference_to_the_bit(compiler: str) -> None:
    environment = os.environ | {"KERAS_BACKEND": "tensorflow", "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    script = Path(__file__).with_name("encode.py")
    done = subprocess.run([sys.executable, script, compiler], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    (found,) = [json.loads(line[7:]) for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    assert len(found) == 2 + len(EVERYTHING.columns)
    assert {case: columns for case, columns in found.items() if columns} == {}


def test_calendar_parts_are_those_of_the_calendar() -> None:
    """The first and the last day of every month of 800 years, which have every kind of leap year twice."""
    days = [
        datetime(year, month, day, 23, tzinfo=UTC)
        for year in range(1600, 2400)
        for month in range(1, 13)
        for day in (1, 28)
    ]
    days += [datetime(1, 1, 1, tzinfo=UTC), datetime(2000, 2, 29, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)]
    seconds = np.array([day.timestamp() - EARLIEST for day in days], np.int64)
    expected = {
        "hour": [day.hour for day in days],
        "weekday": [day.weekday() for day in days],
        "day": [day.day - 1 for day in days],
        "month": [day.month - 1 for day in days],
    }
    assert {part: calendar_part(seconds, part).tolist() for part in PARTS} == expected


def test_skews_name_each_column_that_differs_and_its_rows() -> None:
    rows = strange_rows(EVERYTHING)
    tensors = encode(EVERYTHING.to_json(), rows)
    assert list(skews(EVERYTHING, tensors, encode(EVERYTHING.to_json(), rows))) == []
    changed = {name: tensor.copy() for name, tensor in tensors.items()}
    changed["numbers"][3, 1] += 1  # whether the age is missing
    changed["codes"][[2, 5], 1] += 1
    changed["title"][7, 2] += 1
    found = {skew.column: skew.rows for skew in skews(EVERYTHING, tensors, changed)}
    assert found == {"age": (3,), "job": (2, 5), "title": (7,)}


def test_a_logarithm_may_differ_in_its_last_bit_and_no_more() -> None:
    rows = strange_rows(EVERYTHING)
    tensors = encode(EVERYTHING.to_json(), rows)
    near, far = ({**tensors, "numbers": tensors["numbers"].copy()} for _ in range(2))
    near["numbers"][:, 2] = np.nextafter(tensors["numbers"][:, 2], np.inf)
    far["numbers"][:, 2] *= np.float32(1.00001)
    assert list(skews(EVERYTHING, tensors, near)) == []
    assert [skew.column for skew in skews(EVERYTHING, tensors, far)] == ["amount (EUR)"]
