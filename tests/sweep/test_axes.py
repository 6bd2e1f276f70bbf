"""Where values lie on the axes of parallel coordinates."""

from __future__ import annotations

import doctest

import pytest

from factory.sweep.report import axes, ranked_jobs
from factory.sweep.report.axes import Scale, axis_of


def upwards(words: list[str]) -> list[str]:
    """The values from bottom to top."""
    positions = axis_of(words).positions
    return sorted(positions, key=lambda word: positions[word])


def test_axis_of_few_numbers_spaces_them_evenly_with_the_smallest_at_the_bottom() -> None:
    axis = axis_of(["128", "16", "64", "16"])
    assert dict(axis.positions) == {"16": 0.0, "64": 0.5, "128": 1.0}
    assert axis.ticks == [(0.0, "16"), (0.5, "64"), (1.0, "128")]


def test_axis_orders_lists_by_their_sum_and_words_as_they_were_given() -> None:
    assert upwards(["null", "[64,32]", "adam", "[16]", "0.5"]) == ["0.5", "[16]", "[64,32]", "adam", "null"]


def test_axis_of_one_value_puts_it_in_the_middle() -> None:
    assert dict(axis_of(["torch", "torch"]).positions) == {"torch": 0.5}


def test_axis_of_many_numbers_is_to_scale() -> None:
    axis = axis_of([str(n / 10) for n in range(11)])
    assert axis.positions["0.3"] == pytest.approx(0.3)
    assert axis.fan == 0


def test_axis_of_sampled_numbers_is_to_scale_however_few() -> None:
    drawn = ["0.0955224960165405123", "0.0090306734173175", "0.00015459537400012"]
    assert 0 < axis_of(drawn).positions[drawn[1]] < 1
    assert all(len(words) < 8 for _, words in axis_of(drawn).ticks)


def test_axis_of_numbers_over_magnitudes_is_logarithmic() -> None:
    axis = axis_of([f"1e-{n}" for n in range(1, 10)])
    assert axis.positions["1e-5"] == pytest.approx(0.5)
    assert (0.5, "1e-05") in axis.ticks


def test_axis_treats_nan_and_infinity_as_words() -> None:
    assert upwards(["nan", "1", "inf", "2"]) == ["1", "2", "inf", "nan"]


def test_axis_of_a_hundred_words_has_at_most_a_dozen_ticks() -> None:
    ticks = axis_of([f"word {n}" for n in range(100)]).ticks
    assert len(ticks) <= axes.MOST_TICKS
    assert max(at for at, _ in ticks) == 1.0


def test_descending_scale_puts_values_beyond_its_end_at_the_end() -> None:
    scale = Scale(2.0, 0.5)
    assert (scale.position(0.5), scale.position(2.0), scale.position(9.0)) == (1.0, 0.0, 0.0)
    assert [words for _, words in scale.ticks()] == ["0.5", "1", "1.5", "2"]
    assert Scale(3.0, 3.0).position(3.0) == 0.5


def test_examples_in_docstrings_hold() -> None:
    assert all(doctest.testmod(module).failed == 0 for module in (axes, ranked_jobs))
    assert doctest.testmod(axes).attempted > 0
