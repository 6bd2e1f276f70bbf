"""CHILD: What a source gives and what training takes: named arrays whose row i belongs together, and what they are."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from factory.core.signature import Tensor

Array: TypeAlias = NDArray[Any]
Task: TypeAlias = Literal["classification", "regression"]


@dataclass(frozen=True)
class Source:
    """What a data source read, before any check.

    Args:
        name: what was read, for errors about the whole of it: ``houses.csv``, ``digits``.
        inputs: name → array ``(rows, ...)`` of any numeric dtype.
        outputs: name → labels ``(rows,)`` of text or whole numbers, or numbers ``(rows,)`` or ``(rows, k)``.
        tasks: output name → what it is for.
        where: (row, array name, position inside the row) → ``houses.csv: row 17, column 'price'``; by default the name
            of the array and the row.
    """

    name: str
    inputs: Mapping[str, Array]
    outputs: Mapping[str, Array]
    tasks: Mapping[str, Task]
    where: Callable[[int, str, tuple[int, ...]], str] = lambda row, array, position: f"{array}[{row}]"


@dataclass(frozen=True)
class Rows:
    """Arrays of equal length; row i of each belongs together.

    Args:
        inputs: name → ``(rows, ...)``, float32 or int32.
        outputs: name → class indices ``(rows,)`` int32, or targets ``(rows, k)`` float32.
    """

    inputs: dict[str, Array]
    outputs: dict[str, Array]

    def __len__(self) -> int:
        return len(next(iter(self.inputs.values())))

    def take(self, indices: Array | slice) -> Rows:
        """The rows at these indices, in their order."""
        return Rows(
            {name: array[indices] for name, array in self.inputs.items()},
            {name: array[indices] for name, array in self.outputs.items()},
        )

    def head(self, count: int) -> Rows:
        """The first ``count`` rows, fewer where there are fewer."""
        return self.take(slice(count))


@dataclass(frozen=True)
class Scale:
    """The mean and standard deviation of a regression target's training rows, of each number along its last axis.

    Args:
        mean: of each.
        deviation: of each; 1 where the number never varies.
    """

    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    @classmethod
    def of(cls, targets: Array) -> Scale:
        """Measure ``(rows, ..., k)``; in float64, for the sake of sums over many rows."""
        columns = targets.reshape(-1, targets.shape[-1]).astype(np.float64)
        deviation = np.where(np.ptp(columns, axis=0) == 0, 1.0, columns.std(axis=0))
        return cls(tuple(columns.mean(axis=0).tolist()), tuple(deviation.tolist()))

    def to_json(self) -> dict[str, Any]:
        return {"mean": list(self.mean), "deviation": list(self.deviation)}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Scale:
        return cls(tuple(fields["mean"]), tuple(fields["deviation"]))


@dataclass(frozen=True)
class Output:
    """What a model must answer.

    Args:
        name: a Python identifier; the name clients use.
        task: ``classification`` (softmax over ``classes``) or ``regression``.
        classes: number of classes; None for regression.
        labels: the original label of class i at place i; None for regression.
        shape: of the model's answer for one row: ``(classes,)`` or ``(k,)``.
        scale: by which training brings a regression target to mean 0 and deviation 1; None leaves it as it is.
        positive: of two classes, the label that precision, recall, F1 and AUC are of; None takes the second.
    """

    name: str
    task: Task
    classes: int | None
    labels: tuple[int | str, ...] | None
    shape: tuple[int, ...]
    scale: Scale | None = None
    positive: int | str | None = None

    @property
    def positive_index(self) -> int:
        """The class index of the positive label of two."""
        return 1 if self.positive is None or self.labels is None else self.labels.index(self.positive)

    def to_json(self) -> dict[str, Any]:
        labels = None if self.labels is None else list(self.labels)
        scale = None if self.scale is None else self.scale.to_json()
        return {**vars(self), "labels": labels, "shape": list(self.shape), "scale": scale}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Output:
        labels = None if fields["labels"] is None else tuple(fields["labels"])
        scale = Scale.from_json(fields["scale"]) if fields.get("scale") else None  # runs from before it was kept
        positive = fields.get("positive")  # likewise
        return cls(fields["name"], fields["task"], fields["classes"], labels, tuple(fields["shape"]), scale, positive)


@dataclass(frozen=True)
class DataSpec:
    """Inputs and outputs in their declared order: all that a model has to know of the data."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Output, ...]

    @property
    def scales(self) -> dict[str, Scale]:
        """Of each output whose target is scaled for training."""
        return {output.name: output.scale for output in self.outputs if output.scale is not None}

    def facts(self) -> dict[str, Any]:
        """What a model may refer to.

        Returns:
            ``classes``: of the first classification output (absent where there is none); ``features``: numbers in a
            row of the first input; ``shape``: of the first input, without the batch axis, as a list.
        """
        shape = [size for size in self.inputs[0].shape if size is not None]
        counts = [output.classes for output in self.outputs if output.classes is not None]
        return {**({"classes": counts[0]} if counts else {}), "features": math.prod(shape), "shape": shape}

    def to_json(self) -> dict[str, Any]:
        return {
            "inputs": [tensor.to_json() for tensor in self.inputs],
            "outputs": [output.to_json() for output in self.outputs],
        }

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> DataSpec:
        return cls(
            tuple(Tensor.from_json(tensor) for tensor in fields["inputs"]),
            tuple(Output.from_json(output) for output in fields["outputs"]),
        )


@dataclass(frozen=True)
class Dataset:
    """Rows to train on, rows to judge by, and what they are.

    Args:
        fingerprint: sha256 over names, dtypes, shapes and bytes of all arrays; the same on every machine.
    """

    spec: DataSpec
    train: Rows
    validation: Rows
    fingerprint: str


def fingerprint(*parts: Rows) -> str:
    """sha256 over names, dtypes, shapes and bytes, in order."""
    digest = hashlib.sha256()
    for rows in parts:
        for name, array in [*rows.inputs.items(), *rows.outputs.items()]:
            digest.update(f"{name} {array.dtype.name} {array.shape}\n".encode())
            digest.update(np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).data)
    return digest.hexdigest()
