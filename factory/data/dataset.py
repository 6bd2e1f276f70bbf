"""CHILD: The types of the data: what a source returns, what training takes, and the specification of both.

Arrays are named; row i of each belongs to the same example.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np

from factory.core.signature import Tensor
from factory.data.stored import Array, Column, StoredRows, in_memory, taken
from factory.preprocessing.spec import Answer, Preprocessing

__all__ = ["Array", "DataSpec", "Dataset", "Output", "Rows", "RowsInMemory", "Scale", "Source", "Task", "fingerprint"]

Task: TypeAlias = Literal["classification", "regression"]


class RawInputs(Protocol):
    """The raw columns of a source, from which preprocessing is fitted on the training rows and inputs are made."""

    def __len__(self) -> int:
        """Return the number of rows."""

    def fit(self, rows: Array, answers: tuple[Answer, ...]) -> Preprocessing:
        """Fit preprocessing on the rows at these places ``(n,)``, for outputs that mean this to clients."""

    def encode(self, fitted: Preprocessing, rows: Array) -> dict[str, Array]:
        """Return the inputs of the rows at these places, name → ``(n, ...)`` float32 or int32."""

    def wires(self, fitted: Preprocessing, rows: Array) -> dict[str, Array]:
        """Return the rows at these places as clients send them, column input → float64 or text ``(n,)``."""

    def describe(self) -> list[dict[str, Any]]:
        """Return name, kind and reason of each column."""


@dataclass(frozen=True)
class Source:
    """The arrays that a data source read, before any check.

    Args:
        name: of the data, for errors about the whole of it: ``houses.csv``, ``digits``.
        inputs: name → array ``(rows, ...)`` of any numeric dtype, or rows that are stored.
        outputs: name → labels ``(rows,)`` of text or whole numbers, whole numbers ``(rows, height, width)`` for a label
            of each pixel, or numbers ``(rows,)`` or ``(rows, k)``; or rows that are stored.
        tasks: output name → ``classification`` or ``regression``.
        where: returns the words by which errors name one value, such as ``houses.csv: row 17, column 'price'``, from
            its row, the name of its array and its position inside the row; by default array and row.
        extras: name → values ``(rows,)`` of columns beside inputs and outputs, which the split may be by.
        factors: input → number that the model multiplies it by first. Such an input, of uint8, stays as it is up to
            the model: artifacts take bytes.
        raw: the raw columns that preprocessing makes the inputs of; ``inputs`` is empty then.
        weights: how much each row counts in the loss, ``(rows,)`` float32; None counts all alike.
        notes: lines for the user about what was read.
        names: input → the names of the numbers in its rows, where they have any, for warnings.
    """

    name: str
    inputs: Mapping[str, Column]
    outputs: Mapping[str, Column]
    tasks: Mapping[str, Task]
    where: Callable[[int, str, tuple[int, ...]], str] = lambda row, array, position: f"{array}[{row}]"
    extras: Mapping[str, Array] = field(default_factory=dict)
    factors: Mapping[str, float] = field(default_factory=dict)
    raw: RawInputs | None = None
    weights: Array | None = None
    notes: tuple[str, ...] = ()
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Rows:
    """Checked inputs and outputs of equal length; row i of each belongs to the same example.

    Args:
        inputs: name → ``(rows, ...)``, float32, int32 or uint8; in memory or stored.
        outputs: name → class indices ``(rows,)`` or ``(rows, height, width)`` int32, or targets ``(rows, k)`` float32.
        weights: how much each row counts in the loss, ``(rows,)`` float32; None counts all alike.
        places: of the rows in their source, ``(rows,)``; None where nobody asks.
    """

    inputs: Mapping[str, Column]
    outputs: Mapping[str, Column]
    weights: Array | None = None
    places: Array | None = None

    def __len__(self) -> int:
        return len(next(iter(self.outputs.values())))

    def take(self, indices: Array | slice) -> Rows:
        """Return the rows at these indices, in the order of the indices; stored ones stay where they are."""
        return Rows(
            {name: taken(column, indices) for name, column in self.inputs.items()},
            {name: taken(column, indices) for name, column in self.outputs.items()},
            None if self.weights is None else self.weights[indices],
            None if self.places is None else self.places[indices],
        )

    def head(self, count: int) -> Rows:
        """Return the first ``count`` rows, or all where there are fewer."""
        return self.take(slice(count))

    def read(self, indices: Array | slice = slice(None)) -> RowsInMemory:
        """Return the rows at these indices in memory."""
        rows = self.take(indices)
        return RowsInMemory(
            {name: in_memory(column) for name, column in rows.inputs.items()},
            {name: in_memory(column) for name, column in rows.outputs.items()},
            rows.weights,
            rows.places,
        )

    @property
    def stored(self) -> bool:
        """Whether some of the rows are not in memory."""
        return any(isinstance(column, StoredRows) for column in (*self.inputs.values(), *self.outputs.values()))


@dataclass(frozen=True)
class RowsInMemory(Rows):
    """Rows all of which are arrays."""

    inputs: Mapping[str, Array]
    outputs: Mapping[str, Array]


@dataclass(frozen=True)
class Scale:
    """The mean and standard deviation of a regression target over the training rows, for each column.

    Args:
        mean: of each number along the last axis, in the target's own unit.
        deviation: likewise; 1 where the number never varies.
    """

    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    @classmethod
    def of(cls, targets: Array) -> Scale:
        """Compute the scale of targets ``(rows, ..., k)``; in float64, since sums go over many rows."""
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
    """The specification of one output of a model.

    Args:
        name: a Python identifier; the name clients use.
        task: ``classification`` (softmax over ``classes``) or ``regression``.
        classes: number of classes; None for regression.
        labels: the original label of class i at index i; None for regression.
        shape: of the prediction for one row: ``(classes,)``, ``(height, width, classes)`` or ``(k,)``.
        scale: by which training standardizes a regression target to mean 0 and deviation 1; None leaves it as it is.
        positive: of two classes, the label for which precision, recall, F1 and AUC are computed; None takes the second.
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
        """The class index of the positive label, where there are two classes."""
        return 1 if self.positive is None or self.labels is None else self.labels.index(self.positive)

    def to_json(self) -> dict[str, Any]:
        labels = None if self.labels is None else list(self.labels)
        scale = None if self.scale is None else self.scale.to_json()
        return {**vars(self), "labels": labels, "shape": list(self.shape), "scale": scale}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Output:
        labels = None if fields["labels"] is None else tuple(fields["labels"])
        scale = Scale.from_json(fields["scale"]) if fields.get("scale") else None  # older runs have none
        positive = fields.get("positive")  # older runs have none
        return cls(fields["name"], fields["task"], fields["classes"], labels, tuple(fields["shape"]), scale, positive)


@dataclass(frozen=True)
class DataSpec:
    """The specification of a dataset that a model is built from: its inputs and outputs in their declared order.

    Args:
        inputs: of the model; with preprocessing its tensors.
        outputs: of the model.
        preprocessing: from raw columns to the inputs, fitted on the training rows; None where the inputs are the data
            itself. It has a file of its own in the run folder and is no part of the JSON.
        factors: input → number that the model multiplies it by before anything else, such as 1/255 for pixels.
    """

    inputs: tuple[Tensor, ...]
    outputs: tuple[Output, ...]
    preprocessing: Preprocessing | None = None
    factors: Mapping[str, float] = field(default_factory=dict)

    @property
    def scales(self) -> dict[str, Scale]:
        """The scale of each output whose target is standardized for training, by output name."""
        return {output.name: output.scale for output in self.outputs if output.scale is not None}

    def facts(self) -> dict[str, Any]:
        """Return the facts of the data that a model's config may refer to.

        Returns:
            ``classes``: number of classes of the first classification output (absent where there is none);
            ``features``: how many numbers a row of the first input has; ``shape``: of the first input, without the
            batch axis, as a list.
        """
        shape = [size for size in self.inputs[0].shape if size is not None]
        counts = [output.classes for output in self.outputs if output.classes is not None]
        return {**({"classes": counts[0]} if counts else {}), "features": math.prod(shape), "shape": shape}

    def to_json(self) -> dict[str, Any]:
        return {
            "inputs": [tensor.to_json() for tensor in self.inputs],
            "outputs": [output.to_json() for output in self.outputs],
            **({"factors": dict(self.factors)} if self.factors else {}),
        }

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> DataSpec:
        return cls(
            tuple(Tensor.from_json(tensor) for tensor in fields["inputs"]),
            tuple(Output.from_json(output) for output in fields["outputs"]),
            factors=fields.get("factors", {}),
        )


@dataclass(frozen=True)
class Dataset:
    """Training, validation and test rows and their specification.

    Args:
        spec: of the inputs and outputs.
        train: rows to fit on.
        validation: rows to evaluate on after each epoch, and to choose among models by.
        test: rows that are seen once, after training; None where there are none.
        fingerprint: sha256 over names, dtypes, shapes and bytes of all arrays; the same on every machine.
        raw: returns the first so many validation rows as clients send them, column input → float64 or text (an array of
            objects) ``(rows,)``; None without preprocessing.
        notes: lines for the user about what was read.
        columns: name, kind and reason of each column of a table.
        warnings: why to doubt what these parts will say of a model, one line each.
    """

    spec: DataSpec
    train: Rows
    validation: Rows
    fingerprint: str
    test: Rows | None = None
    raw: Callable[[int], dict[str, Array]] | None = None
    notes: tuple[str, ...] = ()
    columns: tuple[Mapping[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()

    def found(self) -> dict[str, Any]:
        """Return what the reading found out, for train/report.json; nothing where it had nothing to find."""
        columns, notes = [dict(column) for column in self.columns], list(self.notes)
        return {**({"columns": columns} if columns else {}), **({"notes": notes} if notes else {})}

    @property
    def parts(self) -> dict[str, Rows]:
        """The parts by name, without the test where there is none."""
        parts = {"train": self.train, "validation": self.validation}
        return parts if self.test is None else {**parts, "test": self.test}


def fingerprint(*parts: Rows) -> str:
    """Return the SHA-256 over names, dtypes, shapes and bytes of all arrays, in order, as hexadecimal digits."""
    digest = hashlib.sha256()
    for rows in parts:
        weights = {} if rows.weights is None else {"": rows.weights}
        for name, array in [*rows.inputs.items(), *rows.outputs.items(), *weights.items()]:
            digest.update(f"{name} {array.dtype.name} {array.shape}\n".encode())
            if isinstance(array, StoredRows):
                digest.update(array.digest())
                continue
            digest.update(np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).data)
    return digest.hexdigest()
