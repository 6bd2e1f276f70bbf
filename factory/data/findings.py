"""CHILD: Why to doubt the scores on a dataset: rows on two sides, classes that nothing judges, leaking features."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from factory.core.messages import listed, shown
from factory.data.dataset import Array, DataSpec, Output, Rows, RowsInMemory
from factory.data.stored import count_classes
from factory.preprocessing.spec import Preprocessing

FEWEST_ROWS = 20  # below, a feature may follow the target by chance
MOST_ROWS = 5_000  # that are looked at for a leak
MOST_FEATURES = 1_000  # of an input; pixels and the like are no features to name
EXACT = 1 - 1e-9  # correlation above which two columns are the same but for scale, offset and float32
CHUNK = 16_384  # rows hashed at once
ODD = np.uint64(0x9E3779B97F4A7C15)  # the golden ratio, as in SplitMix: https://doi.org/10.1145/2660193.2660195
SHIFT = np.uint64(29)


def find_faults(
    spec: DataSpec, parts: Mapping[str, Rows], names: Mapping[str, Sequence[str]] | None = None
) -> list[str]:
    """Return a line for each reason to doubt what the parts of a dataset will say of a model.

    Of rows that are not in memory the classes alone are looked at, since the inputs would be read once more for it.

    Args:
        spec: of the data.
        parts: ``train``, ``validation`` and maybe ``test``.
        names: input → the names of the numbers in its rows, where they have any.
    """
    if any(rows.stored for rows in parts.values()):
        return [*absent_classes(spec, parts)]
    held = {part: rows.read() for part, rows in parts.items()}
    names = names or column_names(spec.preprocessing)
    return [*shared_rows(held), *absent_classes(spec, parts), *leaks(spec, held["train"], names)]


def column_names(preprocessing: Preprocessing | None) -> dict[str, list[str]]:
    """Return tensor → the column that each of its numbers was made of; empty without preprocessing."""
    columns = () if preprocessing is None else preprocessing.columns
    return {
        what: [c.name for c in columns for _ in range(getattr(c, what))] for what in ("numbers", "codes") if columns
    }


def shared_rows(parts: Mapping[str, RowsInMemory]) -> Iterator[str]:
    """Yield a line for each part of which rows are training rows too, with their number."""
    known = hashes(parts["train"])
    for part, rows in parts.items():
        if part != "train" and (count := int(np.isin(hashes(rows), known).sum())):
            verb = "is a training row" if count == 1 else "are training rows"
            yield f"{count:,} of {len(rows):,} {part} rows {verb} too: they say nothing of new rows"


def hashes(rows: RowsInMemory) -> Array:
    """Return a 64-bit hash of the inputs and outputs of each row, ``(rows,)``."""
    total, draw = np.zeros(len(rows), np.uint64), np.random.default_rng(0)
    for array in (*rows.inputs.values(), *rows.outputs.values()):
        flat = array.reshape(len(array), -1)
        word = np.uint32 if flat.dtype.itemsize % 4 == 0 else np.uint8
        weights = draw.integers(1, 2**63, flat.shape[1] * flat.dtype.itemsize // np.dtype(word).itemsize, np.uint64)
        for start in range(0, len(flat), CHUNK):
            words = np.ascontiguousarray(flat[start : start + CHUNK]).view(word).astype(np.uint64) * ODD
            words ^= words >> SHIFT
            total[start : start + CHUNK] += (words * weights).sum(axis=1, dtype=np.uint64)
    return total


def absent_classes(spec: DataSpec, parts: Mapping[str, Rows]) -> Iterator[str]:
    """Yield a line for each part and output that has no row of some class."""
    for output in spec.outputs:
        for part, rows in parts.items() if output.labels else ():
            counts = count_classes(rows.outputs[output.name], len(output.labels or ()))
            absent = [shown(label) for label, count in zip(output.labels or (), counts, strict=True) if not count]
            if absent:
                what = "cannot be learnt" if part == "train" else f"nothing is known of by the {part} rows"
                word = {"train": "training"}.get(part, part)
                yield f"{output.name}: no {word} row is of class {listed(absent)}, which {what}"


def leaks(spec: DataSpec, rows: RowsInMemory, names: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield a line for each feature and output where the feature alone tells the target of every training row."""
    if len(rows) < FEWEST_ROWS:
        return
    some = rows.read(slice(MOST_ROWS))
    for name, array in some.inputs.items():
        features = array.reshape(len(some), -1).astype(np.float64)
        if features.shape[1] > MOST_FEATURES:
            continue
        for output in spec.outputs:
            for number in told_by(output, features, some.outputs[output.name]):
                column = name if features.shape[1] == 1 else f"{name}[{number}]"
                column = repr(names[name][number]) if name in names else column
                doubt = "is it known before the target is?"
                yield f"{output.name}: {column} alone tells it for every training row; {doubt}"


def told_by(output: Output, features: Array, target: Array) -> Iterator[int]:
    """Yield the number of each feature that tells the target.

    Args:
        output: what the target is.
        features: ``(rows, features)`` float64.
        target: class indices ``(rows,)``, or numbers ``(rows, ...)``.
    """
    if output.task == "classification":
        alone = target.ndim == 1  # where each pixel has a class, no number of a row could tell them all
        yield from (number for number, values in enumerate(features.T) if alone and tells_class(values, target))
        return
    numbers = standard(target.reshape(len(target), -1).astype(np.float64))
    correlations = np.abs(standard(features).T @ numbers) / len(target)
    yield from np.flatnonzero((correlations > EXACT).any(axis=1)).tolist()


def standard(columns: Array) -> Array:
    """Return columns at mean 0 and deviation 1; zeros where a column never varies."""
    centred: Array = columns - columns.mean(axis=0)
    deviation: Array = centred.std(axis=0)
    scaled: Array = centred / np.where(deviation > 0, deviation, np.inf)
    return scaled


def tells_class(values: Array, classes: Array) -> bool:
    """Return whether each value belongs to one class, and the values are few or lie class by class.

    Args:
        values: of one feature ``(rows,)``.
        classes: class indices ``(rows,)``.
    """
    order = np.lexsort((classes, values))
    values, classes = values[order], classes[order]
    other_value, other_class = np.diff(values) != 0, np.diff(classes) != 0
    if not other_class.any() or (other_class & ~other_value).any():
        return False
    return bool(2 * (1 + other_value.sum()) <= len(values) or other_class.sum() + 1 == len(np.unique(classes)))
