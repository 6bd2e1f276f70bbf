"""CHILD: Labels, text or whole numbers, to class indices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from factory.core.errors import DataError
from factory.core.messages import listed, meant, shown, unknown, wrong
from factory.data.dataset import Array, Source


def read(source: Source, name: str) -> Array:
    """The labels of one output as text or int64, shape ``(rows,)``.

    Raises:
        DataError: they are no labels: several in a row, or numbers with a fraction.
    """
    values = source.outputs[name]
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise DataError(
            f"{source.name}: {name}: got {values.shape[1:]} numbers in a row; takes one label a row for classification"
        )
    if values.dtype.kind in "biu":
        return values.astype(np.int64)
    if values.dtype.kind == "S":
        return _decoded(source, name, values)
    if values.dtype.kind == "U":
        return values
    if values.dtype.kind == "f":
        wrong = np.flatnonzero(~np.isfinite(values) | (values != np.round(values)))
        if not len(wrong):
            return values.astype(np.int64)
        place = source.where(int(wrong[0]), name, ())
        raise DataError(f"{place}: got {values[wrong[0]].item()!r}; takes a label: text or a whole number")
    raise DataError(f"{source.name}: {name}: got dtype {values.dtype}; takes labels: text or whole numbers")


def _decoded(source: Source, name: str, values: Array) -> Array:
    """Labels of bytes as text."""
    for row, value in enumerate(values.tolist()):
        try:
            value.decode("utf-8")
        except UnicodeDecodeError as error:
            raise DataError(f"{source.where(row, name, ())}: got {shown(value)}; takes text in UTF-8") from error
    return np.char.decode(values, "utf-8")


def distinct(source: Source, name: str) -> Array:
    """The labels that occur, sorted; label i is class i.

    Raises:
        DataError: there are fewer than two.
    """
    labels = np.unique(read(source, name))
    if len(labels) < 2:
        raise DataError(f"{source.name}: {name}: got one class, {shown(labels[0].item())}; takes at least 2")
    return labels


def positives(known: Mapping[str, Array], declared: Any) -> dict[str, int | str]:
    """The positive label of each output of two classes: the declared one, else the second.

    Args:
        known: output → labels, as `distinct` gives them.
        declared: ``data.positive``: a label, or output → label; None for the second.

    Raises:
        DataError: an output has no such label, or there is no output of two classes.
    """
    found = {name: labels.tolist() for name, labels in known.items() if len(labels) == 2}
    if declared is None:
        return {name: labels[1] for name, labels in found.items()}
    if not found:
        raise DataError(wrong("data.positive", declared, "null: the data has no output of two classes"))
    asked = declared if isinstance(declared, Mapping) else dict.fromkeys(found, declared)
    problems = [unknown(f"data.positive.{name}", name, [*found]) for name in asked if name not in found]
    chosen = {name: labels[1] for name, labels in found.items()}
    for name, labels in found.items():
        if name in asked:
            words = {str(asked[name]), str(int(asked[name])) if isinstance(asked[name], bool) else str(asked[name])}
            match = [label for label in labels if str(label) in words]
            takes = f"a label of {name!r}: {listed([str(label) for label in labels])}"
            problems += [] if match else [wrong("data.positive", asked[name], takes, map(str, labels))]
            chosen[name] = match[0] if match else labels[1]
    if problems:
        raise DataError(problems)
    return chosen


def encode(source: Source, name: str, labels: Array) -> Array:
    """Class indices ``(rows,)`` int32.

    Args:
        source: what was read.
        name: of the output.
        labels: as `distinct` gives them.

    Raises:
        DataError: a row holds another label.
    """
    values = read(source, name)
    if values.dtype.kind != labels.dtype.kind:  # a file of its own may hold only such labels as look like numbers
        values, labels = values.astype(str), labels.astype(str)
    order = np.argsort(labels)
    found = order[np.minimum(np.searchsorted(labels, values, sorter=order), len(labels) - 1)]
    unknown = np.flatnonzero(labels[found] != values)
    if len(unknown):
        value = values[unknown[0]].item()
        words = [str(label) for label in labels]
        place = source.where(int(unknown[0]), name, ())
        raise DataError(
            f"{place}: got {shown(value)}; takes a label of the training rows: {listed(words)}{meant(value, words)}"
        )
    return found.astype(np.int32)
