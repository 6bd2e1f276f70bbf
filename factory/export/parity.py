"""CHILD: Numerical comparison of predictions for the gate: how far they differ, and which hop made them differ.

Numpy only: a model or an artifact comes in as a function from named rows to named rows.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from factory.core.errors import ExportError
from factory.core.predict import Arrays, Predict
from factory.core.signature import Signature, Tensor

SMALLEST = 1e-6
"""Smallest denominator of a relative difference."""


@dataclass(frozen=True)
class Tolerance:
    """The allowed difference ``|a - b| <= absolute * unit + relative * |a|`` of each element, with the reference a.

    Args:
        absolute: in units of the output: the standard deviation of a standardized target, else 1. A profit of 3 euros
            among profits of 1e5 has the absolute error of the large ones in float32.
        relative: in shares of the reference.
    """

    absolute: float
    relative: float


@dataclass(frozen=True)
class Difference:
    """The difference of one output from its reference, over all rows and batch sizes that were run.

    Args:
        output: its declared name.
        rows: rows that were compared, each as often as it was run.
        max_absolute: largest ``|a - b|`` over the finite elements.
        max_relative: largest ``|a - b| / max(|a|, 1e-6)``.
        mean_absolute: mean ``|a - b|``.
        used: largest share of the tolerance that an element used; above 1 fails.
        flips: decisions that changed: argmax over the last axis of a classification, else an element's sign.
        nonfinite: elements that are NaN or infinite on either side; any fails.
        batch: the batch size at which ``used`` was largest.
    """

    output: str
    rows: int
    max_absolute: float
    max_relative: float
    mean_absolute: float
    used: float
    flips: int
    nonfinite: int
    batch: str = "all"

    @property
    def within(self) -> bool:
        """Whether every element is finite and within the tolerance."""
        return self.nonfinite == 0 and self.used <= 1.0

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"within": self.within}


@dataclass(frozen=True)
class Hop:
    """A step of the way to the artifact on which predictions may change, compared with those right after training.

    Args:
        name: ``reload``, ``deploy load (torch → tensorflow)``, ``artifact`` or ``preprocessing``.
        differences: one for each output.
        faults: what else differs, each in words.
    """

    name: str
    differences: tuple[Difference, ...]
    faults: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every output is within the tolerance, and there is no other fault."""
        return not self.faults and all(difference.within for difference in self.differences)

    def to_json(self) -> dict[str, Any]:
        faults = {"faults": list(self.faults)} if self.faults else {}
        differences = [difference.to_json() for difference in self.differences]
        return {"name": self.name, "passed": self.passed, "differences": differences, **faults}


def first_broken(hops: Iterable[Hop]) -> Hop | None:
    """Return the first hop that did not pass, or None; later hops inherit its differences."""
    return next((hop for hop in hops if not hop.passed), None)


def batches(rows: int) -> list[tuple[str, tuple[slice, ...]]]:
    """Return the batches that the gate runs, of several sizes, since a trace or converter may have fixed one.

    They are the first 3 rows one by one, the first 4 in twos, the first 21 in sevens and all at once; of each size as
    many batches as the rows suffice for.

    Returns:
        (label, slices): ``("1", …), ("2", …), ("7", …), ("all", …)``.
    """
    runs = []
    for size, times in ((1, 3), (2, 2), (7, 3)):
        starts = range(0, min(times * size, rows - rows % size), size)
        if starts:
            runs.append((str(size), tuple(slice(start, start + size) for start in starts)))
    return [*runs, ("all", (slice(0, rows),))]


def measure_differences(
    predict: Predict,
    inputs: Arrays,
    reference: Arrays,
    signature: Signature,
    tolerance: Tolerance,
    *,
    decisions: Mapping[str, str] | None = None,
    units: Arrays | None = None,
) -> tuple[Difference, ...]:
    """Run a model or artifact on the reference rows in all `batches`, and return the worst difference of each output.

    Args:
        predict: runs the model or artifact.
        inputs: name → (rows, …).
        reference: name → (rows, …), the trained model's outputs for these inputs.
        signature: names, dtypes and shapes that both must have.
        tolerance: what an element may differ by.
        decisions: output name → ``classification`` or ``regression``, see `compare`.
        units: output name → its unit, see `compare`.

    Raises:
        ExportError: it does not run, or its outputs are not those of the signature.
    """
    differences: list[tuple[Difference, ...]] = []
    for label, slices in batches(len(next(iter(inputs.values())))):
        for part in slices:
            actual = predict({name: rows[part] for name, rows in inputs.items()})
            expected = {name: rows[part] for name, rows in reference.items()}
            differences.append(
                compare(expected, actual, signature, tolerance, decisions=decisions, units=units, batch=label)
            )
    return tuple(_worst(runs) for runs in zip(*differences, strict=True))


def compare(
    reference: Arrays,
    actual: Arrays,
    signature: Signature,
    tolerance: Tolerance,
    *,
    decisions: Mapping[str, str] | None = None,
    units: Arrays | None = None,
    batch: str = "all",
) -> tuple[Difference, ...]:
    """Compare named outputs of the same rows, elementwise in float64.

    Args:
        reference: name → (rows, …), the trained model's outputs.
        actual: name → (rows, …), the outputs to compare.
        signature: the outputs, in the order of the result.
        tolerance: what an element may differ by.
        decisions: output name → ``classification`` or ``regression``; unnamed ones are classifications if their last
            axis is longer than 1.
        units: output name → unit of the absolute tolerance for each number along the last axis; 1 unless given.
        batch: label of the run.

    Raises:
        ExportError: an output is missing or has another shape or dtype than the signature says.
    """
    decisions, units = decisions or {}, units or {}
    return tuple(
        _difference(
            tensor.name,
            np.asarray(reference[tensor.name], np.float64),
            np.asarray(_checked(actual, tensor, len(reference[tensor.name])), np.float64),
            tolerance,
            unit=units.get(tensor.name, np.ones(1)),
            classifies=_last(tensor) > 1 and decisions.get(tensor.name, "classification") == "classification",
            batch=batch,
        )
        for tensor in signature.outputs
    )


def latency(predict: Predict, inputs: Arrays, batch: int, *, budget: float = 0.05) -> float:
    """Return the median wall time of one call in seconds, after one call that is not counted.

    Args:
        predict: the artifact.
        inputs: name → (rows, …); rows are repeated if there are fewer than ``batch``.
        batch: rows in a call.
        budget: seconds after which no further call is started; at least one is timed, at most 100.
    """
    indices = np.arange(batch) % len(next(iter(inputs.values())))
    rows = {name: array[indices] for name, array in inputs.items()}
    predict(rows)
    times: list[float] = []
    while not times or (sum(times) < budget and len(times) < 100):
        started = time.perf_counter()
        predict(rows)
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def _checked(actual: Arrays, tensor: Tensor, rows: int) -> np.ndarray[Any, Any]:
    """Return one output, and refuse a missing one or another dtype or shape than declared."""
    if tensor.name not in actual:
        raise ExportError(f"output {tensor.name} is missing; there are {', '.join(actual) or 'none'}")
    output = actual[tensor.name]
    wanted = (rows, *tensor.shape)
    fits = len(output.shape) == len(wanted) and all(b in (None, a) for a, b in zip(output.shape, wanted, strict=True))
    if not fits or output.dtype.name != tensor.dtype:
        raise ExportError(f"output {tensor.name} is {output.dtype} {output.shape}; declared is {tensor.dtype} {wanted}")
    return output


def _last(tensor: Tensor) -> int:
    """Return the length of a tensor's last axis; 1 where there is no axis, or a free one."""
    return (tensor.shape[-1] or 1) if tensor.shape else 1


def _difference(
    name: str,
    a: np.ndarray[Any, Any],
    b: np.ndarray[Any, Any],
    tolerance: Tolerance,
    *,
    unit: np.ndarray[Any, Any],
    classifies: bool,
    batch: str,
) -> Difference:
    """Compare one output ``b`` with its reference ``a``, both float64 of the same shape."""
    if a.shape != b.shape:
        raise ExportError(f"output {name} has shape {b.shape}; the reference has {a.shape}")
    finite = np.isfinite(a) & np.isfinite(b)
    size = np.abs(a[finite])
    apart = np.abs(a[finite] - b[finite])
    allowed = tolerance.absolute * np.broadcast_to(unit, a.shape)[finite] + tolerance.relative * size
    allowed = np.maximum(allowed, np.finfo(np.float64).tiny)
    flipped = a.argmax(-1) != b.argmax(-1) if classifies else np.sign(a) != np.sign(b)
    return Difference(
        output=name,
        rows=len(a),
        max_absolute=float(apart.max(initial=0.0)),
        max_relative=float((apart / np.maximum(size, SMALLEST)).max(initial=0.0)),
        mean_absolute=float(apart.mean()) if apart.size else 0.0,
        used=float((apart / allowed).max(initial=0.0)),
        flips=int(np.count_nonzero(flipped)),
        nonfinite=int(np.count_nonzero(~finite)),
        batch=batch,
    )


def _worst(runs: Sequence[Difference]) -> Difference:
    """Combine the differences of one output in several runs: maxima, sums, and the mean over all rows."""
    rows = sum(run.rows for run in runs)
    worst = max(runs, key=lambda run: (run.nonfinite > 0, run.used))
    return Difference(
        output=worst.output,
        rows=rows,
        max_absolute=max(run.max_absolute for run in runs),
        max_relative=max(run.max_relative for run in runs),
        mean_absolute=sum(run.mean_absolute * run.rows for run in runs) / max(rows, 1),
        used=worst.used if worst.nonfinite == 0 else max(run.used for run in runs),
        flips=sum(run.flips for run in runs),
        nonfinite=sum(run.nonfinite for run in runs),
        batch=worst.batch,
    )
