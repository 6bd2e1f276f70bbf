"""CHILD: From what a source read to what training takes: every check and conversion, once for all sources."""

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
from factory.data.split import Split, divide


def prepare_dataset(
    source: Source,
    split: Split,
    held_out: Source | None = None,
    declared: Mapping[str, Any] | None = None,
    *,
    scale_target: bool = False,
    positive: Any = None,
) -> Dataset:
    """Check, convert and split.

    Args:
        source: all rows, or the training rows when the validation rows come from a file of their own.
        split: how to divide; unused with ``held_out``.
        held_out: the validation rows, read by the same source.
        declared: ``classes``, ``features``, ``shape`` that the data must have.
        scale_target: whether training brings regression targets to mean 0 and deviation 1.
        positive: label of each output of two classes, or output → label; None takes the second.

    Raises:
        DataError: the data is not what it is declared to be; says where.
    """
    check_names(source)
    check_count(source, least=2)
    known = {name: labels.distinct(source, name) for name, task in source.tasks.items() if task == "classification"}
    rows = convert(source, known)
    spec = describe(source, rows, known, labels.positives(known, positive))
    check_facts(spec.facts(), declared or {}, source.name)
    if held_out is None:
        train, validation = (rows.take(indices) for indices in divide(rows, spec, split))
    else:
        check_count(held_out, least=1)
        train, validation = rows, convert(held_out, known)
        check_alike(train, validation, held_out.name)
    if scale_target:
        spec = with_scales(spec, train)
    return Dataset(spec, train, validation, fingerprint(train, validation))


def check_names(source: Source) -> None:
    """Names reach clients of every format: identifiers, each of one tensor."""
    for name in [*source.inputs, *source.outputs]:
        if not name.isidentifier():
            raise DataError(f"{source.name}: got the name {name!r}; takes letters, digits and _, no digit first")
    for name in source.inputs.keys() & source.outputs.keys():
        raise DataError(f"{source.name}: {name!r} is both an input and an output; give one of them another name")


def check_count(source: Source, least: int) -> None:
    """Enough rows, and the same number in every array."""
    counts = {name: len(array) for name, array in [*source.inputs.items(), *source.outputs.items()]}
    if not source.inputs or not source.outputs:
        raise DataError(f"{source.name}: got inputs {[*source.inputs]}, outputs {[*source.outputs]}; takes one of each")
    if len(set(counts.values())) > 1:
        words = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise DataError(f"{source.name}: got different numbers of rows: {words}; takes the same in each")
    rows = next(iter(counts.values()))
    if rows < least:
        raise DataError(f"{source.name}: got {rows or 'no'} row{'' if rows == 1 else 's'}; takes at least {least}")


def convert(source: Source, known: Mapping[str, Array]) -> Rows:
    """Arrays in the dtypes that training takes."""
    inputs = {name: as_input(source, name) for name in source.inputs}
    outputs = {
        name: labels.encode(source, name, known[name]) if name in known else as_target(source, name)
        for name in source.outputs
    }
    return Rows(inputs, outputs)


def as_input(source: Source, name: str) -> Array:
    """float32, or int32 for whole numbers; at least one axis beside the rows."""
    values = source.inputs[name]
    values = values[:, None] if values.ndim == 1 else values
    if values.dtype.kind not in "iu":
        return as_float(source, name, values)
    limits = np.iinfo(np.int32)
    refuse_where((values > limits.max) | (values < limits.min), source, name, values, "a whole number of 32 bits")
    return np.ascontiguousarray(values, np.int32)


def as_target(source: Source, name: str) -> Array:
    """float32 ``(rows, k)``; a single column has k = 1."""
    values = source.outputs[name]
    return as_float(source, name, values[:, None] if values.ndim == 1 else values)


def as_float(source: Source, name: str, values: Array) -> Array:
    if values.dtype.kind not in "biuf":
        raise DataError(f"{source.name}: {name}: got dtype {values.dtype}; takes numbers")
    with np.errstate(over="ignore"):
        numbers = np.ascontiguousarray(values, np.float32)
    refuse_where(~np.isfinite(numbers), source, name, values, "a finite number")
    return numbers


def refuse_where(bad: Array, source: Source, name: str, values: Array, takes: str) -> None:
    """Name the first bad number, row first."""
    if not bad.any():
        return
    row, *position = (int(axis) for axis in np.unravel_index(int(np.argmax(bad)), bad.shape))
    place = source.where(row, name, tuple(position))
    raise DataError(f"{place}: got {values[(row, *position)].item()!r}; takes {takes}")


def describe(source: Source, rows: Rows, known: Mapping[str, Array], positives: Mapping[str, int | str]) -> DataSpec:
    """The spec of converted rows."""
    inputs = [Tensor(name, array.dtype.name, array.shape[1:]) for name, array in rows.inputs.items()]
    outputs = []
    for name, array in rows.outputs.items():
        if name in known:
            words = tuple(known[name].tolist())
            positive = positives.get(name)
            outputs.append(Output(name, "classification", len(words), words, (len(words),), positive=positive))
        else:
            outputs.append(Output(name, "regression", None, None, array.shape[1:]))
    return DataSpec(tuple(inputs), tuple(outputs))


def with_scales(spec: DataSpec, train: Rows) -> DataSpec:
    """The spec with the scale of each regression target, measured on the training rows alone."""
    outputs = [
        replace(output, scale=Scale.of(train.outputs[output.name])) if output.task == "regression" else output
        for output in spec.outputs
    ]
    return replace(spec, outputs=tuple(outputs))


def check_facts(found: Mapping[str, Any], declared: Mapping[str, Any], name: str) -> None:
    """A number written into the config must be the number in the data."""
    problems = [
        wrong(f"data.{key}", value, f"what {name} has: {shown(found.get(key))}")
        for key, value in declared.items()
        if value != found.get(key)
    ]
    if problems:
        raise DataError(problems)


def check_alike(train: Rows, validation: Rows, name: str) -> None:
    """Rows of a validation file have the shapes and dtypes of the training rows."""
    for part in ("inputs", "outputs"):
        ours, theirs = getattr(train, part), getattr(validation, part)
        for key in ours:
            want = (ours[key].dtype, ours[key].shape[1:])
            got = (theirs[key].dtype, theirs[key].shape[1:]) if key in theirs else None
            if got != want:
                words = "nothing" if got is None else f"{got[0]} {got[1]}"
                raise DataError(f"{name}: {key}: got {words}; takes {want[0]} {want[1]} as in the training rows")
