"""CHILD: Checks and conversions from the arrays of a source to a dataset, the same for all sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from factory.core.errors import DataError
from factory.core.messages import shown, wrong
from factory.core.signature import Tensor
from factory.data import labels
from factory.data.dataset import Array, Dataset, DataSpec, Output, Rows, Scale, Source, fingerprint
from factory.data.encoding import encode_parts
from factory.data.findings import find_faults
from factory.data.split import Split, divide_rows
from factory.data.stored import Column, StoredRows, in_memory


def prepare_dataset(
    source: Source,
    split: Split,
    held_out: Source | None = None,
    declared: Mapping[str, Any] | None = None,
    *,
    tested: Source | None = None,
    scale_target: bool = False,
    positive: Any = None,
) -> Dataset:
    """Check, convert and split what a source read.

    Args:
        source: all rows but those that come from a file of their own.
        split: how to divide them.
        held_out: the validation rows, read by the same source; then none are drawn.
        declared: ``classes``, ``features``, ``shape`` that the data must have.
        tested: the test rows, likewise.
        scale_target: whether training standardizes regression targets to mean 0 and deviation 1.
        positive: the positive label of each output with two classes, or output → label; None takes the second.

    Raises:
        DataError: the data is not what it is declared to be; names the file, row or column.
    """
    check_names(source)
    check_count(source, least=2)
    known = {name: labels.distinct(source, name) for name, task in source.tasks.items() if task == "classification"}
    rows = convert(source, known)
    spec = describe_data(source, rows, known, labels.positives(known, positive))
    parts = divide(rows, spec, split, source, {"validation": held_out, "test": tested})
    for name, own in (("validation", held_out), ("test", tested)):
        if own is not None:
            check_count(own, least=1)
            parts[name] = convert(own, known)
            check_alike(parts["train"], parts[name], own.name)
    raw = None
    if source.raw is not None:
        spec, parts, raw = encode_parts(spec, parts, {"train": source, "validation": held_out, "test": tested})
    check_facts(spec.facts(), declared or {}, source.name)
    if scale_target:
        spec = with_scales(spec, parts["train"])
    return Dataset(
        spec=spec,
        train=parts["train"],
        validation=parts["validation"],
        fingerprint=fingerprint(*parts.values()),
        test=parts.get("test"),
        raw=raw,
        notes=source.notes,
        columns=() if source.raw is None else tuple(source.raw.describe()),
        warnings=tuple(find_faults(spec, parts, source.names)),
    )


def divide(
    rows: Rows, spec: DataSpec, split: Split, source: Source, files: Mapping[str, Source | None]
) -> dict[str, Rows]:
    """Return the parts by name that are drawn from the rows, in the order train, validation, test.

    Args:
        rows: of the source, converted.
        spec: of these rows.
        split: how to divide.
        source: as read, with the columns that the split may be by.
        files: part → its own rows; nothing is drawn for it then.
    """
    if files["validation"] is not None:
        split = replace(split, validation=None)
    if split.validation is None and split.test is None and split.folds is None:
        return {"train": rows}
    parts = divide_rows(rows, spec, split, source.extras)
    drawn = {"train": parts.train, "validation": parts.validation, "test": parts.test}
    return {name: rows.take(indices) for name, indices in drawn.items() if indices is not None}


def check_names(source: Source) -> None:
    """Refuse names that are not identifiers, since clients of every format use them, and names used twice."""
    for name in [*source.inputs, *source.outputs]:
        if not name.isidentifier():
            raise DataError(f"{source.name}: got the name {name!r}; takes letters, digits and _, no digit first")
    for name in source.inputs.keys() & source.outputs.keys():
        raise DataError(f"{source.name}: {name!r} is both an input and an output; give one of them another name")


def check_count(source: Source, least: int) -> None:
    """Refuse fewer than ``least`` rows, and arrays of different numbers of rows."""
    counts = {name: len(array) for name, array in [*source.inputs.items(), *source.outputs.items()]}
    if not (source.inputs or source.raw) or not source.outputs:
        raise DataError(f"{source.name}: got inputs {[*source.inputs]}, outputs {[*source.outputs]}; takes one of each")
    if len(set(counts.values())) > 1:
        words = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise DataError(f"{source.name}: got different numbers of rows: {words}; takes the same in each")
    rows = next(iter(counts.values()))
    if rows < least:
        raise DataError(f"{source.name}: got {rows or 'no'} row{'' if rows == 1 else 's'}; takes at least {least}")


def convert(source: Source, known: Mapping[str, Array]) -> Rows:
    """Convert the arrays of a source to the dtypes that training takes.

    Args:
        source: the data as read.
        known: classification output → its distinct labels.

    Raises:
        DataError: a value cannot be converted, or a label is not known.
    """
    inputs = {name: as_input(source, name) for name in source.inputs}
    outputs = {
        name: labels.encode(source, name, known[name]) if name in known else as_target(source, name)
        for name in source.outputs
    }
    places = None if source.raw is None else np.arange(len(source.raw))
    return Rows(inputs, outputs, source.weights, places)


def as_input(source: Source, name: str) -> Column:
    """Return an input as float32, or as int32 for whole numbers, with at least one axis beside the rows.

    Bytes that the model scales itself, such as pixels, stay uint8, a quarter as large.
    """
    values = source.inputs[name]
    if isinstance(values, StoredRows) or (name in source.factors and values.dtype == np.uint8):
        return values
    values = values[:, None] if values.ndim == 1 else values
    if values.dtype.kind not in "iu":
        return as_float(source, name, values)
    limits = np.iinfo(np.int32)
    refuse_where((values > limits.max) | (values < limits.min), source, name, values, "a whole number of 32 bits")
    return np.ascontiguousarray(values, np.int32)


def as_target(source: Source, name: str) -> Column:
    """Return a regression target as float32 ``(rows, k)``; a single column has k = 1."""
    values = source.outputs[name]
    if isinstance(values, StoredRows):
        return values
    return as_float(source, name, values[:, None] if values.ndim == 1 else values)


def as_float(source: Source, name: str, values: Array) -> Array:
    """Return values as float32 of the same shape, and refuse what is not a finite number."""
    if values.dtype.kind not in "biuf":
        raise DataError(f"{source.name}: {name}: got dtype {values.dtype}; takes numbers")
    with np.errstate(over="ignore"):
        numbers = np.ascontiguousarray(values, np.float32)
    refuse_where(~np.isfinite(numbers), source, name, values, "a finite number")
    return numbers


def refuse_where(bad: Array, source: Source, name: str, values: Array, takes: str) -> None:
    """Raise an error that names the first value where ``bad`` is true; do nothing where none is."""
    if not bad.any():
        return
    row, *position = (int(axis) for axis in np.unravel_index(int(np.argmax(bad)), bad.shape))
    where = source.where(row, name, tuple(position))
    raise DataError(f"{where}: got {values[(row, *position)].item()!r}; takes {takes}")


def describe_data(
    source: Source, rows: Rows, known: Mapping[str, Array], positives: Mapping[str, int | str]
) -> DataSpec:
    """Return the specification of converted rows."""
    inputs = [Tensor(name, array.dtype.name, array.shape[1:]) for name, array in rows.inputs.items()]
    outputs = []
    for name, array in rows.outputs.items():
        if name in known:
            names = tuple(known[name].tolist())
            positive = positives.get(name)
            shape = (*array.shape[1:], len(names))
            outputs.append(Output(name, "classification", len(names), names, shape, positive=positive))
        else:
            outputs.append(Output(name, "regression", None, None, array.shape[1:]))
    return DataSpec(tuple(inputs), tuple(outputs), factors=dict(source.factors))


def with_scales(spec: DataSpec, train: Rows) -> DataSpec:
    """Return the specification with the scale of each regression target, computed on the training rows alone."""
    outputs = [
        replace(output, scale=Scale.of(in_memory(train.outputs[output.name])))
        if output.task == "regression"
        else output
        for output in spec.outputs
    ]
    return replace(spec, outputs=tuple(outputs))


def check_facts(actual: Mapping[str, Any], declared: Mapping[str, Any], name: str) -> None:
    """Refuse a number of classes or features, or a shape, that is declared but not what the data has."""
    problems = [
        wrong(f"data.{key}", value, f"what {name} has: {shown(actual.get(key))}")
        for key, value in declared.items()
        if value != actual.get(key)
    ]
    if problems:
        raise DataError(problems)


def check_alike(train: Rows, own: Rows, name: str) -> None:
    """Refuse rows of a file of their own whose shapes or dtypes are not those of the training rows."""
    for part in ("inputs", "outputs"):
        ours, theirs = getattr(train, part), getattr(own, part)
        for key in ours:
            want = (ours[key].dtype, ours[key].shape[1:])
            got = (theirs[key].dtype, theirs[key].shape[1:]) if key in theirs else None
            if got != want:
                actual = "nothing" if got is None else f"{got[0]} {got[1]}"
                raise DataError(f"{name}: {key}: got {actual}; takes {want[0]} {want[1]} as in the training rows")
