"""The gate's arithmetic, on arrays; no framework."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from factory.core.errors import ExportError
from factory.core.signature import Signature, Tensor
from factory.export.parity import (
    Difference,
    Hop,
    Tolerance,
    batches,
    compare,
    first_broken,
    latency,
    measure_differences,
)

SIGNATURE = Signature((Tensor("x", "float32", (2,)),), (Tensor("y", "float32", (3,)),))
TIGHT = Tolerance(absolute=1e-4, relative=1e-3)
ROWS = np.array([[0.2, 0.5, 0.3], [0.7, 0.2, 0.1]], "float32")


def differ(reference: Any, actual: Any, **options: Any) -> Difference:
    (difference,) = compare({"y": reference}, {"y": actual}, SIGNATURE, TIGHT, **options)
    return difference


def test_equal_outputs_use_nothing_of_the_tolerance() -> None:
    difference = differ(ROWS, ROWS.copy())
    assert (difference.used, difference.flips, difference.nonfinite, difference.within) == (0.0, 0, 0, True)


def test_the_tolerance_is_absolute_plus_relative_for_each_element() -> None:
    large = np.full((1, 3), 1000.0, "float32")
    assert differ(large, large + 1).within
    assert not differ(large, large + 1.5).within
    small = np.zeros((1, 3), "float32")
    assert differ(small, small + np.float32(0.9e-4)).within
    assert not differ(small, small + np.float32(1.1e-4)).within


def test_the_absolute_part_counts_in_the_unit_of_a_scaled_target() -> None:
    """Profits of 1e5 come out of float32 with errors of 0.01, also the one that is nearly zero."""
    profits = np.array([[1e5, 3.0, -2e5]], "float32")
    close = profits + np.array([[0, 0.02, 0]], "float32")
    assert not differ(profits, close).within
    assert differ(profits, close, units={"y": np.full(3, 1e5)}).within
    assert not differ(ROWS * 1e-6, ROWS * 1.5e-6, units={"y": np.full(3, 1e-6)}).within
    assert differ(ROWS * 1e-6, ROWS * 1.5e-6).within


def test_one_bad_element_is_not_hidden_by_a_large_one() -> None:
    reference = np.array([[1e6, 0.0, 0.0]], "float32")
    difference = differ(reference, reference + np.array([[0, 0.01, 0]], "float32"))
    assert difference.used == pytest.approx(100, rel=1e-3)
    assert not difference.within


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_value_that_is_not_finite_fails_even_if_both_have_it(value: float) -> None:
    broken = ROWS.copy()
    broken[0, 0] = value
    for reference in (ROWS, broken):
        difference = differ(reference, broken)
        assert (difference.nonfinite, difference.within) == (1, False)
        json.dumps(difference.to_json(), allow_nan=False)


def test_flips_count_argmax_for_classes_and_sign_for_numbers() -> None:
    flipped = ROWS.copy()
    flipped[0] = [0.6, 0.1, 0.3]
    assert differ(ROWS, flipped).flips == 1
    assert differ(ROWS, flipped, decisions={"y": "regression"}).flips == 0
    assert differ(ROWS, -flipped, decisions={"y": "regression"}).flips == 6


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ({}, "output y is missing; there are none"),
        ({"y": ROWS[:1]}, r"output y is float32 (1, 3); declared is float32 (2, 3)"),
        ({"y": ROWS.astype("float64")}, r"output y is float64 (2, 3); declared is float32 (2, 3)"),
    ],
)
def test_what_is_not_the_signature_is_an_error(outputs: Any, message: str) -> None:
    with pytest.raises(ExportError) as raised:
        compare({"y": ROWS}, outputs, SIGNATURE, TIGHT)
    assert str(raised.value) == message


def sizes(rows: int) -> dict[str, list[int]]:
    return {label: [len(range(*part.indices(rows))) for part in slices] for label, slices in batches(rows)}


def test_batches_are_one_two_seven_and_all() -> None:
    assert sizes(256) == {"1": [1, 1, 1], "2": [2, 2], "7": [7, 7, 7], "all": [256]}
    assert sizes(9) == {"1": [1, 1, 1], "2": [2, 2], "7": [7], "all": [9]}
    assert sizes(1) == {"1": [1], "all": [1]}


def test_measure_differences_finds_what_shows_at_one_batch_size_only() -> None:
    inputs = {"x": np.ones((30, 2), "float32")}
    reference = {"y": np.ones((30, 3), "float32")}

    def fixed(rows: Any) -> dict[str, Any]:
        return {"y": np.full((len(rows["x"]), 3), 2.0 if len(rows["x"]) == 7 else 1.0, "float32")}

    (difference,) = measure_differences(fixed, inputs, reference, SIGNATURE, TIGHT)
    assert (difference.batch, difference.max_absolute, difference.rows) == ("7", 1.0, 3 + 4 + 21 + 30)


def test_the_first_broken_hop_is_named() -> None:
    good, bad = differ(ROWS, ROWS), differ(ROWS, ROWS + 1)
    hops = [Hop("reload", (good,)), Hop("deploy load (torch → tensorflow)", (good, bad)), Hop("artifact", (bad,))]
    broken = first_broken(hops)
    assert broken is not None
    assert broken.name == "deploy load (torch → tensorflow)"
    assert first_broken(hops[:1]) is None


def test_latency_runs_the_batch_asked_for_and_stops_in_time() -> None:
    seen = []

    def predict(rows: Any) -> dict[str, Any]:
        seen.append(len(rows["x"]))
        return {}

    assert 0 < latency(predict, {"x": np.ones((3, 2), "float32")}, 32, budget=0.01) < 0.01
    assert set(seen) == {32}
    assert 2 <= len(seen) <= 101


def test_parity_imports_no_framework() -> None:
    code = "import sys, factory.export.parity; print({'keras', 'tensorflow', 'torch', 'jax'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
