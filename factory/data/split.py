"""CHILD: The split into training, validation and test rows, drawn by numpy so that it is the same on every backend.

Test rows are drawn first, so that they are the same whatever share or fold the validation rows are.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from factory.core.errors import DataError
from factory.core.messages import shown, wrong
from factory.data import units
from factory.data.dataset import Array, DataSpec, Rows
from factory.data.stored import in_memory

SHARE = "a number between 0 and 1, both excluded"


@dataclass(frozen=True)
class Split:
    """The settings of the split.

    Args:
        validation: share of the rows that are for validation, between 0 and 1, both excluded; None draws none.
        test: likewise for the test; None draws none.
        seed: of the numpy Generator that draws them.
        stratified: every class of the first classification output has the same share of each part; without effect
            on data that has no classification output, and on a split by time.
        group: the column whose equal values are never on two sides.
        time: the column by which later rows judge: first the training rows, then validation, then test.
        folds: number of parts of a cross-validation, of which one is for validation; replaces ``validation``.
        fold: which one, from 0.
    """

    validation: float | None = 0.2
    test: float | None = None
    seed: int = 0
    stratified: bool = True
    group: str | None = None
    time: str | None = None
    folds: int | None = None
    fold: int | None = None

    @classmethod
    def from_config(cls, node: Mapping[str, Any]) -> Split:
        """Return the settings of the config's node ``data.split``, but for the keys that name files."""
        own = {field.name for field in dataclasses.fields(cls)}
        return cls(**{key: value for key, value in node.items() if key in own})

    @property
    def least(self) -> int:
        """The least number of rows with one in each part."""
        return 1 + (self.validation is not None or self.folds is not None) + (self.test is not None)

    def check(self) -> None:
        """Refuse shares that leave no training rows, and a cross-validation without its fold.

        Raises:
            DataError: with a line for each fault.
        """
        shares = {f"data.split.{name}": getattr(self, name) for name in ("validation", "test")}
        faults = [wrong(key, value, SHARE) for key, value in shares.items() if value is not None and not 0 < value < 1]
        if not faults and (self.validation or 0) + (self.test or 0) >= 1:
            faults = [wrong("data.split.test", self.test, f"less than 1 with data.split.validation, {self.validation}")]
        if self.folds is not None and (self.fold is None or not 0 <= self.fold < self.folds):
            faults.append(wrong("data.split.fold", self.fold, f"an integer from 0 to {self.folds - 1}"))
        if faults:
            raise DataError(faults)


@dataclass(frozen=True)
class Parts:
    """The row numbers of each part, int64, shuffled.

    Args:
        train: of the training rows, at least one.
        validation: of the validation rows; at least one, unless none are drawn.
        test: of the test rows, at least one; None where none are drawn.
    """

    train: Array
    validation: Array
    test: Array | None = None


def divide_rows(rows: Rows, spec: DataSpec, split: Split, columns: Mapping[str, Array] | None = None) -> Parts:
    """Divide rows into parts.

    Args:
        rows: all of them; of the outputs the first classification is looked at, of the inputs only their number.
        spec: of the outputs.
        split: how to divide.
        columns: name → values ``(rows,)`` that ``group`` and ``time`` may name.

    Raises:
        DataError: a share is not between 0 and 1, there is no such column, or too few rows of a class, groups or times
            to be in every part.
    """
    split.check()
    generator = np.random.default_rng(split.seed)
    of_rows = (output for output in spec.outputs if output.task == "classification" and len(output.shape) == 1)
    classified = next(of_rows, None)  # where each pixel has a class, a row has several
    classes = in_memory(rows.outputs[classified.name]) if classified and split.stratified else None
    if split.time is not None:
        times = units.times(units.column(columns or {}, split.time, "data.split.time"), split.time)
        return _shuffled(_by_time(times, split), generator)
    if split.group is not None:
        groups = units.codes(units.column(columns or {}, split.group, "data.split.group"), split.group, "group")
        return _shuffled(_by_group(groups, classes, split, generator), generator)
    order = generator.permutation(len(rows))
    if classified is None or classes is None:
        require_rows(len(order), split, "data.split", "")
        parts = _drawn([order], split)
        return parts if split.folds is None else _shuffled(parts, generator)
    strata = [order[classes[order] == number] for number in range(classified.classes or 0)]
    for label, members in zip(classified.labels or (), strata, strict=True):
        require_rows(len(members), split, "data.split.stratified", f"class {shown(label)} of {classified.name!r}")
    return _shuffled(_drawn(strata, split), generator)


def require_rows(count: int, split: Split, key: str, stratum: str) -> None:
    """Refuse too few rows to have one in each part.

    Args:
        count: number of rows.
        split: how they are to be divided.
        key: config path, for the error.
        stratum: the class that the rows are of, in words; empty for all rows.

    Raises:
        DataError: there are fewer.
    """
    if count >= split.least:
        return
    if stratum:
        raise DataError(wrong(key, True, f"at least {split.least} rows of each class; {stratum} has {count}"))
    raise DataError(f"{key}: got {count} rows; takes at least {split.least}, one for each part")


def _shuffled(parts: Parts, generator: np.random.Generator) -> Parts:
    """Return the parts, each in a drawn order."""
    train, validation = generator.permutation(parts.train), generator.permutation(parts.validation)
    return Parts(train, validation, None if parts.test is None else generator.permutation(parts.test))


def _drawn(strata: list[Array], split: Split) -> Parts:
    """Divide each stratum, row numbers in a drawn order, by the same shares."""
    train, validation, test = [], [], []
    for members in strata:
        tested = 0 if split.test is None else min(share(len(members), split.test), len(members) - split.least + 1)
        rest = len(members) - tested
        count = 0
        if split.validation is not None and split.folds is None:
            count = min(share(len(members), split.validation), rest - 1)
        validation.append(members[:count])
        train.append(members[count:rest])
        test.append(members[rest:])
    parts = Parts(np.concatenate(train), np.concatenate(validation), np.concatenate(test) if split.test else None)
    if split.folds is None:
        return parts
    if len(parts.train) < split.folds:
        raise DataError(wrong("data.split.folds", split.folds, f"at most one for each row: {len(parts.train)}"))
    number = np.arange(len(parts.train)) % split.folds  # one stratum after the other: each is spread over all folds
    return Parts(parts.train[number != split.fold], parts.train[number == split.fold], parts.test)


def share(count: int, fraction: float) -> int:
    """Return how many of ``count`` rows a share of them is: at least one, never all."""
    return min(max(round(count * fraction), 1), count - 1)


def _by_group(groups: Array, classes: Array | None, split: Split, generator: np.random.Generator) -> Parts:
    """Divide whole groups, so that each part has its share of the rows, and of each class.

    Args:
        groups: number of each row's group ``(rows,)``, from 0.
        classes: class index of each row ``(rows,)``; None is without strata.
        split: how to divide.
        generator: draws among groups of equal size.
    """
    rows, count = np.arange(len(groups)), int(groups.max()) + 1
    drawn = split.folds or (1 if split.validation is None else 2)
    least = drawn + (split.test is not None)
    if count < least:
        takes = f"a column of at least {least} groups, one for each part; it has {count}"
        raise DataError(wrong("data.split.group", split.group, takes))
    sizes = units.sizes(groups, classes)
    tested = np.zeros(count, bool)
    if split.test is not None:
        tested = units.assign(sizes, (1 - split.test, split.test), generator, reserve=drawn) == 1
    rest = np.flatnonzero(~tested)
    part = np.full(count, -1)
    if split.folds is not None:
        part[rest] = units.assign(sizes[rest], (1 / split.folds,) * split.folds, generator)
        judges = part == split.fold
    elif split.validation is not None:
        share_of_rest = split.validation / (1 - (split.test or 0))
        part[rest] = units.assign(sizes[rest], (1 - share_of_rest, share_of_rest), generator)
        judges = part == 1
    else:
        judges = np.zeros(count, bool)
    train = ~(judges | tested)
    return Parts(rows[train[groups]], rows[judges[groups]], rows[tested[groups]] if split.test is not None else None)


def _by_time(times: Array, split: Split) -> Parts:
    """Divide by time: later rows judge, and rows of one time stay together.

    A fold is trained on all that lies before its own rows: of ``folds + 1`` stretches of time, fold 0 is the second.

    Args:
        times: rank of each row's time ``(rows,)``, from 0.
        split: how to divide.
    """
    left = 1 - (split.test or 0)
    if split.folds is not None:
        shares = [left / (split.folds + 1)] * (split.folds + 1)
    else:
        shares = [left] if split.validation is None else [left - split.validation, split.validation]
    shares += [] if split.test is None else [split.test]
    counts = np.bincount(times)
    if len(counts) < len(shares):
        takes = f"a column of at least {len(shares)} different times, one for each part; it has {len(counts)}"
        raise DataError(wrong("data.split.time", split.time, takes))
    stretch = np.searchsorted(units.cuts(counts, shares), times, side="right")
    tested = stretch == (len(shares) - 1 if split.test is not None else len(shares))
    first = 1 + (split.fold or 0)
    judges = ~tested & (stretch == first)
    rows = np.arange(len(times))
    return Parts(rows[~tested & (stretch < first)], rows[judges], None if split.test is None else rows[tested])
