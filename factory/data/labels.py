"""CHILD: Encoding of labels, which are text or whole numbers, as class indices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from factory.core.errors import DataError
from factory.core.messages import listed, meant, shown, unknown, wrong
from factory.data.dataset import Array, Source
from factory.data.stored import Column, StoredRows, chunks


def read_labels(source: Source, name: str) -> Array:
    """Return the labels of one output as an array ``(rows,)`` of text or int64.

    Raises:
        DataError: they are no labels: several in a row, numbers with a fraction, or a dtype that holds no labels.
    """
    values = source.outputs[name]
    if isinstance(values, StoredRows):
        raise DataError(f"{source.name}: {name}: got {values.dtype} {values.shape[1:]}; takes one label a row")
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
        where = source.where(int(wrong[0]), name, ())
        raise DataError(f"{where}: got {values[wrong[0]].item()!r}; takes a label: text or a whole number")
    raise DataError(f"{source.name}: {name}: got dtype {values.dtype}; takes labels: text or whole numbers")


def _decoded(source: Source, name: str, values: Array) -> Array:
    """Decode labels of bytes as text, and refuse what is not UTF-8."""
    for row, value in enumerate(values.tolist()):
        try:
            value.decode("utf-8")
        except UnicodeDecodeError as error:
            raise DataError(f"{source.where(row, name, ())}: got {shown(value)}; takes text in UTF-8") from error
    return np.char.decode(values, "utf-8")


def distinct(source: Source, name: str) -> Array:
    """Return the distinct labels of one output ``(classes,)``, sorted; label i is class i.

    Raises:
        DataError: there are fewer than two.
    """
    values = source.outputs[name]
    if isinstance(values, StoredRows) and values.labels is not None:
        labels = values.labels
    elif labels_pixels(values):
        labels = np.unique(np.concatenate([np.unique(part) for part in chunks(values)])).astype(np.int64)
    else:
        labels = np.unique(read_labels(source, name))
    if len(labels) < 2:
        raise DataError(f"{source.name}: {name}: got one class, {shown(labels[0].item())}; takes at least 2")
    return labels


def labels_pixels(values: Column) -> bool:
    """Return whether an output has a whole number for each pixel ``(rows, height, width)``."""
    return values.ndim == 3 and values.dtype.kind in "biu"


def positives(known: Mapping[str, Array], declared: Any) -> dict[str, int | str]:
    """Return the positive label of each output with two classes: the declared one, else the second.

    Args:
        known: output → labels, as `distinct` returns them.
        declared: ``data.positive``: a label, or output → label; None for the second.

    Raises:
        DataError: an output has no such label, or there is no output of two classes.
    """
    binary = {name: labels.tolist() for name, labels in known.items() if len(labels) == 2}
    if declared is None:
        return {name: labels[1] for name, labels in binary.items()}
    if not binary:
        raise DataError(wrong("data.positive", declared, "null: the data has no output of two classes"))
    wanted = declared if isinstance(declared, Mapping) else dict.fromkeys(binary, declared)
    problems = [unknown(f"data.positive.{name}", name, [*binary]) for name in wanted if name not in binary]
    chosen = {name: labels[1] for name, labels in binary.items()}
    for name, labels in binary.items():
        if name in wanted:
            spellings = {str(wanted[name])}
            if isinstance(wanted[name], bool):
                spellings.add(str(int(wanted[name])))  # a column of booleans has the labels 0 and 1
            match = [label for label in labels if str(label) in spellings]
            takes = f"a label of {name!r}: {listed([str(label) for label in labels])}"
            problems += [] if match else [wrong("data.positive", wanted[name], takes, map(str, labels))]
            chosen[name] = match[0] if match else labels[1]
    if problems:
        raise DataError(problems)
    return chosen


def encode(source: Source, name: str, labels: Array) -> Column:
    """Return the class index of each row of one output, ``(rows,)`` int32, or of each pixel ``(rows, h, w)``.

    Args:
        source: the data as read.
        name: of the output.
        labels: the known labels, as `distinct` returns them.

    Raises:
        DataError: a row holds a label that is not among them.
    """
    given = source.outputs[name]
    if isinstance(given, StoredRows) and given.labels is not None and np.array_equal(given.labels, labels):
        return given
    if labels_pixels(given):
        return _encode_pixels(source, name, labels)
    values = read_labels(source, name)
    if values.dtype.kind != labels.dtype.kind:  # a validation file may hold only labels that look like numbers
        values, labels = values.astype(str), labels.astype(str)
    order = np.argsort(labels)
    indices = order[np.minimum(np.searchsorted(labels, values, sorter=order), len(labels) - 1)]
    unknown = np.flatnonzero(labels[indices] != values)
    if len(unknown):
        value = values[unknown[0]].item()
        takes = [str(label) for label in labels]
        where = source.where(int(unknown[0]), name, ())
        raise DataError(
            f"{where}: got {shown(value)}; takes a label of the training rows: {listed(takes)}{meant(value, takes)}"
        )
    return indices.astype(np.int32)


def _encode_pixels(source: Source, name: str, labels: Array) -> Array:
    """Return the class index of each pixel ``(rows, height, width)`` int32, by rows: masks are large."""
    given = source.outputs[name]
    own = given.labels if isinstance(given, StoredRows) else None  # then the values are indices into these
    indices = np.empty(given.shape, np.int32)
    row = 0
    for part in chunks(given):
        values = part if own is None else own[part]
        found = np.minimum(np.searchsorted(labels, values), len(labels) - 1)
        unknown = np.argwhere(labels[found] != values)
        if len(unknown):
            first, *position = unknown[0].tolist()
            where, takes = source.where(row + first, name, tuple(position)), [str(label) for label in labels]
            got = shown(values[tuple(unknown[0])].item())
            raise DataError(f"{where}: got {got}; takes a label of the training rows: {listed(takes)}")
        indices[row : row + len(part)] = found
        row += len(part)
    return indices
