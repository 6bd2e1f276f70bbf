"""CHILD: Rows to train on and rows to judge by: numpy alone decides, so the split is the same on every backend."""

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
    """How rows are divided.

    Args:
        validation: share of the rows, between 0 and 1, both excluded.
        seed: of the numpy Generator that draws them.
        stratified: every class keeps its share (of the first classification output); data without a classification
            output is drawn from freely, whatever this says.
    """

    validation: float = 0.2
    seed: int = 0
    stratified: bool = True

    @classmethod
    def from_config(cls, node: Mapping[str, Any]) -> Split:
        """Of the node ``data.split``; ``file`` is not ours."""
        return cls(**{key: value for key, value in node.items() if key != "file"})


def divide(rows: Rows, spec: DataSpec, split: Split) -> tuple[Array, Array]:
    """Indices of the training and of the validation rows, both shuffled, at least one each.

    Raises:
        DataError: the share is none, or a class has too few rows to be in both parts.
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
    """Each class divided by itself, then both parts shuffled again."""
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
    """Rows of ``count`` that go to validation: never none, never all."""
    return min(max(round(count * fraction), 1), count - 1)
