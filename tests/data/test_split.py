"""The split: its rows by share, class, group, time and fold. Numpy alone, no framework."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from factory.core.errors import DataError
from factory.data.dataset import Array, DataSpec, Output, Rows
from factory.data.split import Parts, Split, divide_rows

DRAW = np.random.default_rng(0)
LABELS = DRAW.choice(3, 400, p=[0.6, 0.3, 0.1]).astype("int32")
KIND = DataSpec((), (Output("kind", "classification", 3, ("a", "b", "c"), (3,)),))
PRICE = DataSpec((), (Output("price", "regression", None, None, (1,)),))
PATIENTS = DRAW.integers(0, 60, 400)


def divided(split: Split, spec: DataSpec = KIND, labels: Array = LABELS, **columns: Any) -> Parts:
    outputs = {output.name: labels for output in spec.outputs}
    return divide_rows(Rows({"x": np.zeros((len(labels), 1))}, outputs), spec, split, columns)


def every(parts: Parts) -> list[Array]:
    return [parts.train, parts.validation, *([] if parts.test is None else [parts.test])]


def fault(*arguments: Any, **columns: Any) -> str:
    with pytest.raises(DataError) as caught:
        divided(*arguments, **columns)
    return str(caught.value)


def loses_no_row(parts: Parts, rows: int = 400) -> bool:
    return sorted(np.concatenate(every(parts)).tolist()) == list(range(rows))


def released(seed: int, labels: Array | None, rows: int, fraction: float) -> tuple[Array, Array]:
    """The split of release 0.1.0, word for word."""

    def share(count: int) -> int:
        return min(max(round(count * fraction), 1), count - 1)

    generator = np.random.default_rng(seed)
    order = generator.permutation(rows)
    if labels is None:
        count = share(len(order))
        return order[count:], order[:count]
    train, validation = [], []
    for number in range(3):
        members = order[labels[order] == number]
        count = share(len(members))
        train.append(members[count:])
        validation.append(members[:count])
    return generator.permutation(np.concatenate(train)), generator.permutation(np.concatenate(validation))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("fraction", [0.03, 0.2, 0.71])
def test_without_a_test_the_rows_are_those_of_earlier_releases(seed: int, fraction: float) -> None:
    for stratified, labels in ((True, LABELS), (False, None)):
        parts = divided(Split(fraction, seed=seed, stratified=stratified))
        train, validation = released(seed, labels, 400, fraction)
        assert parts.train.tolist() == train.tolist() and parts.validation.tolist() == validation.tolist()
        assert parts.test is None


@pytest.mark.parametrize("by", [{}, {"group": "patient"}, {"time": "day"}, {"stratified": False}], ids=str)
def test_three_parts_have_their_shares_and_hold_every_row_once(by: dict[str, Any]) -> None:
    parts = divided(Split(0.2, 0.15, **by), patient=PATIENTS, day=np.arange(400))
    assert loses_no_row(parts)
    assert [len(part) / 400 for part in every(parts)] == pytest.approx([0.65, 0.2, 0.15], abs=0.01)


@pytest.mark.parametrize("by", [{}, {"group": "patient"}, {"time": "day"}], ids=str)
def test_the_test_rows_depend_neither_on_the_share_nor_on_the_fold_of_the_validation_rows(by: dict[str, Any]) -> None:
    splits = [
        Split(0.2, 0.15, **by),
        Split(0.5, 0.15, **by),
        *(Split(0.2, 0.15, folds=3, fold=n, **by) for n in (0, 2)),
    ]
    tested = [divided(split, patient=PATIENTS, day=np.arange(400)).test for split in splits]
    assert all(sorted(rows.tolist()) == sorted(tested[0].tolist()) for rows in tested)  # type: ignore[union-attr]


@pytest.mark.parametrize("group", [None, "patient"])
def test_each_class_has_its_share_of_each_part(group: str | None) -> None:
    for part in every(divided(Split(0.2, 0.15, group=group), patient=PATIENTS)):
        assert np.bincount(LABELS[part]) / len(part) == pytest.approx([0.6, 0.3, 0.1], abs=0.06)


@pytest.mark.parametrize("spec", [KIND, PRICE], ids=["classes", "numbers"])
@pytest.mark.parametrize("patients", [PATIENTS, np.array([f"p{n}" for n in PATIENTS], object)], ids=["int", "text"])
def test_a_group_is_never_on_two_sides(spec: DataSpec, patients: Array) -> None:
    for seed in range(5):
        parts = divided(Split(0.2, 0.15, seed, group="patient"), spec, patient=patients)
        sides = [set(patients[part].tolist()) for part in every(parts)]
        assert sum(map(len, sides)) == len(set.union(*sides)) == len(set(patients.tolist()))


def test_few_groups_of_very_different_size_leave_no_part_empty() -> None:
    sizes = np.repeat(np.arange(3), [380, 15, 5])
    parts = divided(Split(0.2, 0.15, group="site"), site=sizes)
    assert set(sizes[parts.train]) == {0} and {*sizes[parts.validation]} | {*sizes[parts.test]} == {1, 2}
    assert fault(Split(0.2, 0.15, group="site"), site=sizes % 2) == (
        "data.split.group: got 'site'; takes a column of at least 3 groups, one for each part; it has 2"
    )


def test_later_rows_judge_and_equal_times_stay_together() -> None:
    days = DRAW.integers(0, 40, 400)
    parts = divided(Split(0.2, 0.15, time="day"), day=days)
    train, validation, test = (days[part] for part in every(parts))
    assert train.max() < validation.min() and validation.max() < test.min()


@pytest.mark.parametrize(
    "times",
    [["2026-01-31", "2026-02-01T10:00", "2025-12-01"], ["10", "11.5", "9"], np.array([3.0, 4.0, -1.0])],
    ids=["dates", "numbers as text", "numbers"],
)
def test_times_are_ordered_as_what_they_say(times: Any) -> None:
    parts = divided(Split(0.3, 0.3, time="t"), PRICE, np.zeros((3, 1)), t=np.asarray(times))
    assert [part.tolist() for part in every(parts)] == [[2], [0], [1]]


@pytest.mark.parametrize("by", [{}, {"stratified": False}, {"group": "patient"}], ids=str)
def test_each_row_judges_in_one_fold(by: dict[str, Any]) -> None:
    folds = [divided(Split(folds=5, fold=fold, **by), patient=PATIENTS) for fold in range(5)]
    assert sorted(np.concatenate([parts.validation for parts in folds]).tolist()) == list(range(400))
    assert all(loses_no_row(parts) for parts in folds)
    assert {len(parts.validation) for parts in folds} <= set(range(76, 85))
    if by != {"stratified": False}:
        assert all(abs(np.bincount(LABELS[p.validation])[2] - (LABELS == 2).sum() / 5) <= 3 for p in folds)


def test_a_fold_by_time_is_trained_on_what_lies_before_it() -> None:
    ends = []
    for fold in range(4):
        parts = divided(Split(test=0.2, time="day", folds=4, fold=fold), day=np.arange(400))
        assert parts.train.min() == 0 and parts.train.max() + 1 == parts.validation.min()
        ends.append((parts.validation.min(), parts.validation.max() + 1))
    assert ends == [(64, 128), (128, 192), (192, 256), (256, 320)]


def test_faults_of_a_split_are_one_line_each() -> None:
    assert fault(Split(0.5, 0.5)) == ("data.split.test: got 0.5; takes less than 1 with data.split.validation, 0.5")
    assert fault(Split(2, -1)).splitlines() == [
        "data.split.validation: got 2; takes a number between 0 and 1, both excluded",
        "data.split.test: got -1; takes a number between 0 and 1, both excluded",
    ]
    assert fault(Split(group="patent"), patient=PATIENTS) == (
        "data.split.group: got 'patent'; takes a column beside the inputs: patient; did you mean 'patient'?"
    )
    assert fault(Split(time="day"), day=np.array(["2026-01-01", "tomorrow"] * 200)) == (
        "data.split.time: got 'day'; takes a column of numbers or ISO 8601 dates (2026-11-24T15:30); "
        "it holds 'tomorrow'"
    )
    assert fault(Split(group="who"), who=np.array(["ann", None] * 200, object)) == (
        "data.split.group: row 1 of 'who' holds nothing; takes a group in each row"
    )
    assert fault(Split(test=0.1), KIND, np.array([0, 0, 1, 1, 2, 2, 2])) == (
        "data.split.stratified: got True; takes at least 3 rows of each class; class 'a' of 'kind' has 2"
    )
    assert fault(Split(test=0.1), PRICE, np.zeros((2, 1))) == (
        "data.split: got 2 rows; takes at least 3, one for each part"
    )
    assert fault(Split(folds=9, fold=0), PRICE, np.zeros((5, 1))) == (
        "data.split.folds: got 9; takes at most one for each row: 5"
    )
