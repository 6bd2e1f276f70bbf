"""CHILD: Evaluation of a model's predictions: F1 score and R², confusion matrix, frequent mistakes, residuals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from factory.data.dataset import Array, DataSpec, Output
from factory.training import baseline

LARGEST_MATRIX = 40  # classes; a larger confusion matrix cannot be read, so only its worst cells are kept
MOST_MISTAKEN = 20
MOST_POINTS = 400  # points of a scatter plot, over all columns of an output
QUANTILES = (0, 5, 25, 50, 75, 95, 100)  # percent


def summarize(spec: DataSpec, targets: Mapping[str, Array], predictions: Mapping[str, Array]) -> dict[str, float]:
    """Return the score of each output that is comparable between data sets, under the name of the Keras metric.

    ``r2`` of a regression, the mean over the numbers that vary; of a classification ``f1_score``, of the positive class
    of two, or ``macro_f1_score``, the mean over the classes that there are. Several outputs have their name in front.

    Args:
        spec: what the outputs mean.
        targets: output name → class indices ``(rows,)``, or numbers ``(rows, k)``.
        predictions: output name → probabilities ``(rows, classes)``, or numbers ``(rows, k)``.
    """
    found: dict[str, float | None] = {}
    for output, name in zip(spec.outputs, summary_names(spec), strict=True):
        actual, predicted = targets[output.name], predictions[output.name]
        if output.task == "regression":
            found[name] = baseline.errors(actual, predicted)["r2"]
        else:
            scores = averages(output, confusion_of(actual, predicted))
            found[name] = next(score for kind, score in scores.items() if kind.endswith("f1_score"))
    return {name: value for name, value in found.items() if value is not None}


def summary_names(spec: DataSpec) -> list[str]:
    """Return the name of the score of each output that `summarize` computes, in the order of the outputs."""
    names = [
        "r2" if o.task == "regression" else "f1_score" if o.classes == 2 else "macro_f1_score" for o in spec.outputs
    ]
    return names if len(names) == 1 else [f"{o.name}_{name}" for o, name in zip(spec.outputs, names, strict=True)]


def averages(output: Output, confusion: Array) -> dict[str, float]:
    """Return precision, recall and F1 score: of the positive class of two, beyond two the means over the classes.

    A class that neither is there nor is predicted does not count; a ratio of nothing is 0.

    Args:
        output: of the data.
        confusion: counts ``(classes, classes)``, a row for each actual class.
    """
    right, actual, predicted = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    ratios = {"precision": (right, predicted), "recall": (right, actual), "f1_score": (2 * right, actual + predicted)}
    each = {name: above / np.maximum(below, 1) for name, (above, below) in ratios.items()}
    if len(confusion) == 2:
        return {name: float(values[output.positive_index]) for name, values in each.items()}
    there = actual + predicted > 0
    return {f"macro_{name}": float(values[there].mean()) for name, values in each.items()}


def confusion_of(actual: Array, predictions: Array) -> Array:
    """Return how many rows of each class were predicted as each, ``(classes, classes)``, a row for each actual class.

    Args:
        actual: class indices ``(rows,)``, or of each pixel ``(rows, height, width)``.
        predictions: probabilities ``(rows, classes)`` or ``(rows, height, width, classes)``.
    """
    classes = predictions.shape[-1]
    cells = actual.astype("int64") * classes + predictions.argmax(axis=-1)
    return np.bincount(cells.ravel(), minlength=classes * classes).reshape(classes, classes)


def evaluate_outputs(spec: DataSpec, targets: Mapping[str, Array], predictions: Mapping[str, Array]) -> dict[str, Any]:
    """Evaluate the predictions of every output.

    Args:
        spec: what the outputs mean.
        targets: output name → class indices ``(rows,)``, or numbers ``(rows, k)``.
        predictions: output name → probabilities ``(rows, classes)`` float32, or numbers ``(rows, k)``.

    Returns:
        Output name → ``task``, ``rows`` (pixels, where each has a class) and, of a classification, ``labels``,
        ``confusion`` (a row for each actual class; None beyond 40 classes), ``right`` (rows predicted correctly),
        ``scores`` (precision, recall, F1 score) and ``mistaken`` (the most frequent mistakes: actual, predicted,
        count); of a regression, ``columns`` with the quantiles of the residuals and a sample of the points.
    """
    evaluated = {}
    for output in spec.outputs:
        evaluate = classification if output.task == "classification" else regression
        facts = evaluate(output, targets[output.name], predictions[output.name])
        decided = targets[output.name].size if output.task == "classification" else len(targets[output.name])
        evaluated[output.name] = {"task": output.task, "rows": decided, **facts}
    return evaluated


def classification(output: Output, actual: Array, predictions: Array) -> dict[str, Any]:
    """Count which class was predicted as which.

    Args:
        output: of the data.
        actual: class indices ``(rows, ...)``.
        predictions: probabilities ``(rows, ..., classes)``.
    """
    confusion, classes = confusion_of(actual, predictions), predictions.shape[-1]
    labels = list(output.labels or range(classes))
    mistakes = confusion * (1 - np.eye(classes, dtype=confusion.dtype))
    worst = np.argsort(mistakes, axis=None, kind="stable")[::-1][:MOST_MISTAKEN]
    pairs = [divmod(int(index), classes) for index in worst if mistakes.flat[index]]
    return {
        "labels": labels,
        "right": int(confusion.trace()),
        "scores": averages(output, confusion),
        "confusion": confusion.tolist() if classes <= LARGEST_MATRIX else None,
        "mistaken": [[labels[true], labels[wrong], int(confusion[true, wrong])] for true, wrong in pairs],
    }


def regression(output: Output, actual: Array, predictions: Array) -> dict[str, Any]:
    """Describe the residuals of each column.

    Args:
        output: of the data.
        actual: numbers ``(rows, ...)``.
        predictions: numbers of the same shape.
    """
    true, predicted = (array.reshape(len(array), -1).astype("float64") for array in (actual, predictions))
    every = -(-true.size // MOST_POINTS)
    return {"columns": [column(true[:, k], predicted[:, k], every) for k in range(true.shape[1])]}


def column(true: Array, predicted: Array, every: int) -> dict[str, Any]:
    """Describe the residuals (predicted minus actual) of one column of an output.

    Args:
        true: actual numbers ``(rows,)``.
        predicted: of the same shape.
        every: step between the rows that are kept as points of the scatter plot.
    """
    residuals = predicted - true
    points = zip(true[::every], predicted[::every], strict=True)
    spread = float(np.square(true - true.mean()).sum())
    return {
        "mean": float(residuals.mean()),
        "deviation": float(residuals.std()),
        "r2": 1 - float(np.square(residuals).sum()) / spread if spread else None,
        "quantiles": {str(q): float(np.percentile(residuals, q)) for q in QUANTILES},
        "points": [[float(f"{a:.6g}"), float(f"{b:.6g}")] for a, b in points],
    }
