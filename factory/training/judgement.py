"""CHILD: The judgement of a trained model: its scores on the validation rows, and once on the test rows."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from factory.core.messages import shown
from factory.data.dataset import Array, Dataset, Output, Rows
from factory.training import baseline, evaluation
from factory.training.handoff import predictions

PARTS = {"validation": "metrics", "test": "test_metrics"}
"""Part of the data → the field of train/report.json with its loss and metrics."""


SAME = 1e-6
"""Range of a model's answers, as a share of the range of the targets, below which it answers the same to all."""


def judge(model: keras.Model, dataset: Dataset, batch_size: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Judge a model on the validation rows, then on the test rows where there are any.

    Args:
        model: trained; in inference mode nothing of it changes.
        dataset: it was trained on.
        batch_size: of training.

    Returns:
        The part of train/report.json about it: loss and metrics of each part and, of the last part, the comparison with
        the trivial baseline and warnings. Then the contents of train/evaluation.json, of the last part.
    """
    spec, report = dataset.spec, dict[str, Any]()
    for part, field in PARTS.items():
        if part in dataset.parts:
            rows = dataset.parts[part]
            outputs = predictions(model, rows.inputs)
            declared = evaluate(model, rows, batch_size)
            always = evaluation.summarize(spec, rows.outputs, outputs)
            report[field] = {**declared, **{name: always[name] for name in always if name not in declared}}
    report["baseline"] = baseline.measure_baseline(spec, dataset.train.outputs, rows.outputs, outputs)
    report["warnings"] = [
        f"{output.name}: {words} {part} row"
        for output in spec.outputs
        if (words := fault(output, rows.outputs[output.name], outputs[output.name]))
    ]
    return report, evaluation.evaluate_outputs(spec, rows.outputs, outputs)


def evaluate(model: keras.Model, rows: Rows, batch_size: int) -> dict[str, float]:
    """Return loss and metrics of the model on rows, computed in inference mode."""
    metrics = model.evaluate(rows.inputs, rows.outputs, batch_size=max(batch_size, 256), verbose=0, return_dict=True)
    return {name: float(value) for name, value in metrics.items()}


def fault(output: Output, targets: Array, predictions: Array) -> str | None:
    """Return what is wrong with a model that answers the same to every row, in words; None where it does not.

    Args:
        output: of the data.
        targets: class indices ``(rows,)``, or numbers ``(rows, k)``.
        predictions: probabilities ``(rows, classes)``, or numbers ``(rows, k)``.
    """
    if len(targets) < 2 or np.ptp(targets) == 0:
        return None
    if output.task == "classification":
        answers = predictions.argmax(axis=-1)
        label = output.labels[int(answers[0])] if output.labels else int(answers[0])
        return f"the model answers {shown(label)} to every" if np.ptp(answers) == 0 else None
    same = np.ptp(predictions, axis=0) <= SAME * np.ptp(targets, axis=0)
    return f"the model answers {shown(predictions[0].tolist())} to every" if same.all() else None
