"""CHILD: The split into training and validation rows, drawn by numpy so that it is the same on every backend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from factory.core.errors import DataError
from factory.core.messages import shown, wrong
from factory.data.dataset import Array, DataSpec, Output, Rows


@dataclass(frozen=True)
class Split:
    """The settings of the split into training and validation rows.

    Args:
        validation: share of the rows that are for validation, between 0 and 1, both excluded.
        seed: of the numpy Generator that draws them.
        stratified: every class of the first classification output has the same share of both parts; without effect
            on data that has no classification output.
    """

    validation: float = 0.2
    seed: int = 0
    stratified: bool = True

    @classmethod
    def from_config(cls, node: Mapping[str, Any]) -> Split:
        """Return the settings of the config's node ``data.split``, but for its key ``file``."""
        return cls(**{key: value for key, value in node.items() if key != "file"})


def divide_rows(rows: Rows, spec: DataSpec, split: Split) -> tuple[Array, Array]:
    """Return the indices of the training and of the validation rows, int64, both shuffled, at least one each.

    Raises:
        DataError: the share is not between 0 and 1, or a class has too few rows to be in both parts.
    """
    if not 0 < split.validation < 1:
        raise DataError(wrong("data.split.validation", split.validation, "a number between 0 and 1, both excluded"))
    generator = np.random.default_rng(split.seed)
    order = generator.permutation(len(rows))
    classified = [output for output in spec.outputs if output.task == "classification"]
    if split.stratified and classified:
        return stratify(order, rows.outputs[classified[0].name], classified[0], split, generator)
    count = share(len(order), split.validation)
    return order[count:], order[:count]


def stratify(
    order: Array, indices: Array, output: Output, split: Split, generator: np.random.Generator
) -> tuple[Array, Array]:
    """Return training and validation indices with the same share of each class, both shuffled.

    Args:
        order: shuffled indices ``(rows,)``.
        indices: the class index of each row ``(rows,)``.
        output: whose classes are divided.
        split: the share for validation.
        generator: shuffles both parts.

    Raises:
        DataError: a class has fewer than two rows.
    """
    train, validation = [], []
    for number, label in enumerate(output.labels or ()):
        members = order[indices[order] == number]
        if len(members) < 2:
            takes = f"at least 2 rows of each class; class {shown(label)} of {output.name!r} has {len(members)}"
            raise DataError(wrong("data.split.stratified", True, takes))
        count = share(len(members), split.validation)
        train.append(members[count:])
        validation.append(members[:count])
    return generator.permutation(np.concatenate(train)), generator.permutation(np.concatenate(validation))


def share(count: int, fraction: float) -> int:
    """Return how many of ``count`` rows go to validation: at least one, never all."""
    return min(max(round(count * fraction), 1), count - 1)
