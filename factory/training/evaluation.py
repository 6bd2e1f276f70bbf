"""CHILD: what a trained model gets right and wrong on the validation rows, small enough for a report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from factory.data.dataset import Array, DataSpec, Output

LARGEST_MATRIX = 40  # classes; a larger confusion matrix cannot be read, so only its worst cells are kept
MOST_MISTAKEN = 20
MOST_POINTS = 400  # of a scatter plot, over all columns of an output
QUANTILES = (0, 5, 25, 50, 75, 95, 100)  # percent


def measure(spec: DataSpec, targets: Mapping[str, Array], predictions: Mapping[str, Array]) -> dict[str, Any]:
    """Judge every output.

    Args:
        spec: what the outputs mean.
        targets: output name → class indices ``(rows,)``, or numbers ``(rows, k)``.
        answers: output name → probabilities ``(rows, classes)`` float32, or numbers ``(rows, k)``.

    Returns:
        Output name → ``task``, ``rows`` and, of a classification, ``labels``, ``confusion`` (a row for each actual
        class, None beyond 40 classes) and ``mistaken`` (the most frequent mistakes: actual, predicted, count); of a
        regression, ``columns`` with the quantiles of the residuals and a sample of the points.
    """
    judged = {}
    for output in spec.outputs:
        judge = classification if output.task == "classification" else regression
        facts = judge(output, targets[output.name], predictions[output.name])
        judged[output.name] = {"task": output.task, "rows": len(targets[output.name]), **facts}
    return judged


def classification(output: Output, actual: Array, predictions: Array) -> dict[str, Any]:
    """Which class was taken for which.

    Args:
        output: of the data.
        actual: class indices ``(rows,)``.
        answers: probabilities ``(rows, classes)``.
    """
    classes = predictions.shape[-1]
    counts = np.bincount(actual.astype("int64") * classes + predictions.argmax(axis=-1), minlength=classes * classes)
    confusion = counts.reshape(classes, classes)
    labels = list(output.labels or range(classes))
    mistakes = confusion * (1 - np.eye(classes, dtype=confusion.dtype))
    worst = np.argsort(mistakes, axis=None, kind="stable")[::-1][:MOST_MISTAKEN]
    cells = [divmod(int(place), classes) for place in worst if mistakes.flat[place]]
    return {
        "labels": labels,
        "right": int(confusion.trace()),
        "confusion": confusion.tolist() if classes <= LARGEST_MATRIX else None,
        "mistaken": [[labels[true], labels[said], int(confusion[true, said])] for true, said in cells],
    }


def regression(output: Output, actual: Array, predictions: Array) -> dict[str, Any]:
    """How far off the answers are.

    Args:
        output: of the data.
        actual: numbers ``(rows, ...)``.
        answers: numbers of the same shape.
    """
    true, said = (array.reshape(len(array), -1).astype("float64") for array in (actual, predictions))
    every = -(-true.size // MOST_POINTS)
    return {"columns": [column(true[:, k], said[:, k], every) for k in range(true.shape[1])]}


def column(true: Array, said: Array, every: int) -> dict[str, Any]:
    """One number of an output: residuals (predicted minus actual) ``(rows,)``, and every so many-th point."""
    residuals = said - true
    spread = float(np.square(true - true.mean()).sum())
    return {
        "mean": float(residuals.mean()),
        "deviation": float(residuals.std()),
        "r2": 1 - float(np.square(residuals).sum()) / spread if spread else None,
        "quantiles": {str(q): float(np.percentile(residuals, q)) for q in QUANTILES},
        "points": [[float(f"{a:.6g}"), float(f"{b:.6g}")] for a, b in zip(true[::every], said[::every], strict=True)],
    }
