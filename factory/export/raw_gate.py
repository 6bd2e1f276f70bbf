"""CHILD: The gate's last hop: raw rows through an artifact's preprocessing, model and labels, against training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from factory.core.errors import ExportError
from factory.core.messages import shown
from factory.core.predict import Arrays, Predict
from factory.core.signature import Signature
from factory.data.dataset import Array
from factory.export import parity
from factory.export.parity import Hop, Tolerance
from factory.export.skew import skews
from factory.export.target import RawArtifact
from factory.preprocessing.spec import Answer
from factory.training.raw_rows import RawRows

NAME = "preprocessing"
AT_ONCE = 256
"""Most rows of one call: inside an ONNX file words are a matrix as wide as the longest text has words."""


def preprocessing_hop(
    carrier: RawArtifact, raw: RawRows, signature: Signature, tolerance: Tolerance, comparison: Mapping[str, Any]
) -> Hop:
    """Compare an artifact that takes raw columns with training, on all reference rows.

    Args:
        carrier: the artifact.
        raw: the rows, with what training made of them.
        signature: of the model.
        tolerance: what a number may differ by.
        comparison: further arguments of `parity.compare`.

    Returns:
        The hop; its faults name columns that are encoded otherwise, and outputs whose labels are others.

    Raises:
        ExportError: the artifact does not run, or its tensors are not those of the preprocessing.
    """
    finite = [np.isfinite(output).reshape(len(output), -1).all(axis=1) for output in raw.outputs.values()]
    judged = np.logical_and.reduce(finite)
    rows, expected = (
        {name: values[judged] for name, values in arrays.items()} for arrays in (raw.rows, raw.outputs)
    )  # of a row to which the trained model has no answer, only the encoding is compared
    answers = raw.preprocessing.answers

    def numbers(part: Arrays) -> dict[str, Array]:
        found = in_parts(carrier.answer, part)
        return {answer.name: found[answer.names[-1]] for answer in answers}

    faults = [*encoding_faults(carrier, raw), *label_faults(in_parts(carrier.answer, rows), answers)]
    differences = parity.measure_differences(numbers, rows, expected, signature, tolerance, **comparison)
    return Hop(NAME, differences, tuple(faults))


def in_parts(predict: Predict, rows: Arrays) -> dict[str, Array]:
    """Return what a function gives for rows, of which it is given at most `AT_ONCE` in a call."""
    count = len(next(iter(rows.values())))
    starts = range(0, max(count, 1), AT_ONCE)
    parts = [predict({name: values[start : start + AT_ONCE] for name, values in rows.items()}) for start in starts]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def encoding_faults(carrier: RawArtifact, raw: RawRows) -> Iterator[str]:
    """Yield a line for each column that the artifact encodes otherwise than training did."""
    found = in_parts(carrier.encode, raw.rows)
    names = [tensor.name for tensor in raw.preprocessing.tensors]
    if set(found) != set(names):
        raise ExportError(f"the preprocessing gives {', '.join(found)}; declared are {', '.join(names)}")
    inputs = {column.name: column.input for column in raw.preprocessing.columns}
    for skew in skews(raw.preprocessing, raw.inputs, found):
        values = raw.rows[inputs[skew.column]]
        first = f"first {shown(_plain(values[skew.rows[0]]))}"
        yield f"column {skew.column!r} is encoded otherwise in {len(skew.rows)} of {len(values)} rows, {first}"


def label_faults(found: Arrays, answers: tuple[Answer, ...]) -> Iterator[str]:
    """Yield a line for each output whose label is not that of its largest probability, the first of equal ones."""
    for answer in answers:
        if answer.labels is None:
            continue
        label, probabilities = found[answer.name], found[answer.names[-1]]
        expected = [answer.labels[place] for place in probabilities.argmax(axis=-1)]
        others = [row for row, (is_, was) in enumerate(zip(label.tolist(), expected, strict=True)) if is_ != was]
        if others:
            first = f"first {shown(_plain(label[others[0]]))} for {shown(expected[others[0]])}"
            yield f"output {answer.name} answers another label in {len(others)} of {len(label)} rows, {first}"


def _plain(value: Any) -> Any:
    """Return a value of an array as Python has it."""
    return value.item() if isinstance(value, np.generic) else value
