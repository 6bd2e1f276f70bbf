"""CHILD: The trivial baseline of a model, which ignores the inputs, on the rows that the model is evaluated on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from factory.data.dataset import Array, DataSpec, Output
from factory.data.stored import Column, count_classes, in_memory


def measure_baseline(
    spec: DataSpec, training: Mapping[str, Column], targets: Mapping[str, Array], predictions: Mapping[str, Array]
) -> dict[str, Any]:
    """Compare the model with a constant prediction: the most frequent class, or the mean of the training targets.

    Args:
        spec: what the outputs mean.
        training: output name → targets of the training rows: class indices ``(rows, ...)``, or numbers ``(rows, k)``.
        targets: output name → those of the validation rows.
        predictions: output name → the model's for these: probabilities ``(rows, classes)``, or numbers ``(rows, k)``.

    Returns:
        Output name → ``answer`` (the constant prediction, in words), ``scores`` (metric → ``model`` and ``baseline``),
        ``metric`` (the one that decides) and ``better`` (whether the model beats the baseline).
    """
    compared = {}
    for output in spec.outputs:
        compare = classification if output.task == "classification" else regression
        compared[output.name] = compare(output, training[output.name], targets[output.name], predictions[output.name])
    return compared


def classification(output: Output, training: Column, actual: Array, predictions: Array) -> dict[str, Any]:
    """Compare the accuracy of the model with that of the class that is most frequent in training.

    Where one class is most of the rows, a useful model may well be right less often than who always answers it. So one
    that is no more accurate counts as better if its recall, averaged over the classes, is beyond chance: above that of
    any constant answer by two standard errors of a guess.
    """
    most = int(count_classes(training, predictions.shape[-1]).argmax())
    right = predictions.argmax(axis=-1) == actual
    model, trivial = float(right.mean()), float((actual == most).mean())
    there, counts = np.unique(actual, return_counts=True)
    recall, chance = float(np.mean([right[actual == number].mean() for number in there])), 1 / len(there)
    error = float(np.sqrt(chance * (1 - chance) * (1 / counts).sum())) * chance
    decides = "macro_recall" if model <= trivial and recall > chance + 2 * error else "accuracy"
    label = output.labels[most] if output.labels else most
    return {
        "answer": f"always answering {label!r}",
        "scores": {
            "accuracy": {"model": model, "baseline": trivial},
            "macro_recall": {"model": recall, "baseline": chance},
        },
        "metric": decides,
        "better": decides == "macro_recall" or model > trivial,
    }


def regression(output: Output, training: Column, actual: Array, predictions: Array) -> dict[str, Any]:
    """Compare mean absolute error and R² of the model with those of the training mean; R² decides if targets vary."""
    mean = in_memory(training).astype("float64").mean(axis=0)
    model, trivial = errors(actual, predictions), errors(actual, np.broadcast_to(mean, actual.shape))
    scores = {name: {"model": model[name], "baseline": trivial[name]} for name in model}
    metric = "r2" if model["r2"] is not None else "mae"
    sign = 1 if metric == "r2" else -1
    better = sign * (model[metric] or 0.0) > sign * (trivial[metric] or 0.0)
    return {"answer": "the mean of the training rows", "scores": scores, "metric": metric, "better": better}


def errors(actual: Array, predictions: Array) -> dict[str, float | None]:
    """Return ``mae`` over all numbers, and ``r2`` as the mean over the columns that vary, None where none does.

    Args:
        actual: targets ``(rows, ...)``.
        predictions: of the same shape.
    """
    true, predicted = (array.reshape(len(array), -1).astype("float64") for array in (actual, predictions))
    spread = np.square(true - true.mean(axis=0)).sum(axis=0)
    residual = np.square(predicted - true).sum(axis=0)
    r2 = float((1 - residual[spread > 0] / spread[spread > 0]).mean()) if (spread > 0).any() else None
    return {"mae": float(np.abs(predicted - true).mean()), "r2": r2}
