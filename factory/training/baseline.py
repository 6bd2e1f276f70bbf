"""CHILD: what is reached without looking at the inputs, on the same rows by which a model is judged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from factory.data.dataset import Array, DataSpec, Output


def measure(
    spec: DataSpec, training: Mapping[str, Array], targets: Mapping[str, Array], predictions: Mapping[str, Array]
) -> dict[str, Any]:
    """Judge the model beside the trivial answer: the most frequent class, or the mean of the training targets.

    Args:
        spec: what the outputs mean.
        training: output name → targets of the training rows: class indices ``(rows,)``, or numbers ``(rows, k)``.
        targets: output name → those of the validation rows.
        answers: output name → what the model said of these: probabilities ``(rows, classes)``, or numbers.

    Returns:
        Output name → ``answer`` (the trivial one, in words), ``scores`` (metric → ``model`` and ``baseline``),
        ``metric`` (the one that decides) and ``better`` (whether the model is).
    """
    found = {}
    for output in spec.outputs:
        judge = classification if output.task == "classification" else regression
        found[output.name] = judge(output, training[output.name], targets[output.name], predictions[output.name])
    return found


def classification(output: Output, training: Array, actual: Array, predictions: Array) -> dict[str, Any]:
    """Accuracy of the model and of the class that is most frequent in training."""
    most = int(np.bincount(training, minlength=predictions.shape[-1]).argmax())
    model, trivial = float((predictions.argmax(axis=-1) == actual).mean()), float((actual == most).mean())
    label = output.labels[most] if output.labels else most
    return {
        "answer": f"always answering {label!r}",
        "scores": {"accuracy": {"model": model, "baseline": trivial}},
        "metric": "accuracy",
        "better": model > trivial,
    }


def regression(output: Output, training: Array, actual: Array, predictions: Array) -> dict[str, Any]:
    """Mean absolute error and R² of the model and of the training rows' mean; R² decides, where the rows vary."""
    mean = training.astype("float64").mean(axis=0)
    model, trivial = errors(actual, predictions), errors(actual, np.broadcast_to(mean, actual.shape))
    scores = {name: {"model": model[name], "baseline": trivial[name]} for name in model}
    metric = "r2" if model["r2"] is not None else "mae"
    sign = 1 if metric == "r2" else -1
    better = sign * (model[metric] or 0.0) > sign * (trivial[metric] or 0.0)
    return {"answer": "the mean of the training rows", "scores": scores, "metric": metric, "better": better}


def errors(actual: Array, said: Array) -> dict[str, float | None]:
    """``mae`` over all numbers of all rows, and ``r2``, the mean over the columns that vary; None where none does."""
    true, guess = (array.reshape(len(array), -1).astype("float64") for array in (actual, said))
    spread = np.square(true - true.mean(axis=0)).sum(axis=0)
    lost = np.square(guess - true).sum(axis=0)
    r2 = float((1 - lost[spread > 0] / spread[spread > 0]).mean()) if (spread > 0).any() else None
    return {"mae": float(np.abs(guess - true).mean()), "r2": r2}
