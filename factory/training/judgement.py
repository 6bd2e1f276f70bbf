"""CHILD: The judgement of a trained model: its scores on the validation rows, and once on the test rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from factory.core.errors import ConfigError
from factory.core.messages import shown, unknown
from factory.core.scores import BETTER_THAN
from factory.data.dataset import Array, Dataset, DataSpec, Output, Rows
from factory.data.stored import in_memory
from factory.training import baseline, evaluation
from factory.training.batches import Batches
from factory.training.handoff import fitting, predictions

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
        the trivial baseline; warnings of data and model. Then the contents of train/evaluation.json, of the last part.
    """
    spec, report = dataset.spec, dict[str, Any]()
    for part in [part for part in PARTS if part in dataset.parts]:
        rows = dataset.parts[part]
        declared = evaluate(model, rows, batch_size)
        targets, outputs = answers(model, rows, spec)
        always = evaluation.summarize(spec, targets, outputs)
        report[PARTS[part]] = {**declared, **{name: always[name] for name in always if name not in declared}}
    report["baseline"] = baseline.measure_baseline(spec, dataset.train.outputs, targets, outputs)
    report["warnings"] = [*dataset.warnings]
    report["warnings"] += [
        f"{output.name}: {words} {part} row"
        for output in spec.outputs
        if (words := fault(output, targets[output.name], outputs[output.name]))
    ]
    return report, evaluation.evaluate_outputs(spec, targets, outputs)


def answers(model: keras.Model, rows: Rows, spec: DataSpec) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return targets and predictions by output; where each pixel has a class, of as many rows as fit into memory."""
    if any(output.task == "classification" and len(output.shape) > 1 for output in spec.outputs):
        rows = fitting(rows, spec, len(rows))
    targets = {name: in_memory(column) for name, column in rows.outputs.items()}
    inputs = Batches(rows, 256, seed=None) if rows.stored else rows.read().inputs
    return targets, predictions(model, inputs)


def refuse_unmeasured(require: Mapping[str, Any], metrics: Mapping[str, Sequence[Any]], spec: DataSpec) -> None:
    """Refuse a required metric that the run will not have, before anything is trained.

    Args:
        require: the config's node ``deploy.require``.
        metrics: output → metrics of Keras.
        spec: of the data.

    Raises:
        ConfigError: with a line for each.
    """
    several = len(metrics) > 1
    names = [f"{output}_{one.name}" if several else one.name for output, each in metrics.items() for one in each]
    names += ["loss", *(f"{output}_loss" for output in metrics if several), *evaluation.summary_names(spec)]
    known = [*dict.fromkeys(names), *BETTER_THAN]
    if problems := [unknown(f"deploy.require.{name}", name, known) for name in require if name not in known]:
        raise ConfigError(problems)


def evaluate(model: keras.Model, rows: Rows, batch_size: int) -> dict[str, float]:
    """Return loss and metrics of the model on rows, computed in inference mode."""
    at_once = max(batch_size, 256)
    if rows.stored:
        metrics = model.evaluate(Batches(rows, at_once, seed=None), verbose=0, return_dict=True)
    else:
        metrics = model.evaluate(rows.inputs, rows.outputs, batch_size=at_once, verbose=0, return_dict=True)
    return {name: float(value) for name, value in metrics.items()}


def fault(output: Output, targets: Array, predictions: Array) -> str | None:
    """Return what is wrong with a model that answers the same to every row, in words; None where it does not.

    Args:
        output: of the data.
        targets: class indices ``(rows, ...)``, or numbers ``(rows, k)``.
        predictions: probabilities ``(rows, ..., classes)``, or numbers ``(rows, k)``.
    """
    if len(targets) < 2 or np.ptp(targets) == 0:
        return None
    if output.task == "classification":
        chosen = predictions.argmax(axis=-1)
        label = output.labels[int(chosen.flat[0])] if output.labels else int(chosen.flat[0])
        return f"the model answers {shown(label)} to every" if np.ptp(chosen) == 0 else None
    same = np.ptp(predictions, axis=0) <= SAME * np.ptp(targets, axis=0)
    return f"the model answers {shown(predictions[0].tolist())} to every" if same.all() else None
