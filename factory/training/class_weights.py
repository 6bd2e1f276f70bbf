"""CHILD: Class weights: how much a training row of each class counts in the loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from factory.core.errors import ConfigError
from factory.core.messages import listed, wrong
from factory.data.dataset import Array, Dataset, Output
from factory.data.stored import Column, count_classes


def class_weights(declared: Any, dataset: Dataset) -> dict[str, Array] | None:
    """Return the weight of each class in the loss, by output.

    Args:
        declared: None, ``balanced`` (all classes count the same in sum), label → weight of the first classification
            output, or output → label → weight; labels that are not named have weight 1.
        dataset: whose training rows are counted.

    Returns:
        output → weights ``(classes,)`` float32; None where nothing is declared.

    Raises:
        ConfigError: the data has no classification output, or an output no such label.
    """
    outputs = {output.name: output for output in dataset.spec.outputs if output.labels}
    if declared is None:
        return None
    if not outputs:
        raise ConfigError(wrong("train.class_weight", declared, "null: the data has no classification output"))
    if declared == "balanced":
        return {name: _balanced(dataset.train.outputs[name], output) for name, output in outputs.items()}
    nested = all(isinstance(value, Mapping) for value in declared.values())
    by_output = declared if nested else {next(iter(outputs)): declared}
    return {name: _weights(weights, outputs[name]) for name, weights in by_output.items()}


def _balanced(indices: Column, output: Output) -> Array:
    """Return weights ``(classes,)`` float32 inverse to the frequencies of the class indices ``(rows, ...)``."""
    counts = count_classes(indices, output.shape[-1])
    return np.asarray(counts.sum() / (len(counts) * np.maximum(counts, 1)), np.float32)


def _weights(declared: Mapping[Any, float], output: Output) -> Array:
    """Return the declared weights ``(classes,)`` float32, and refuse labels that the output has not."""
    labels = [str(label) for label in output.labels or ()]
    problems = [
        wrong("train.class_weight", str(label), f"labels of {output.name!r}: {listed(labels)}", labels)
        for label in declared
        if str(label) not in labels
    ]
    if problems:
        raise ConfigError(problems)
    given = {str(label): weight for label, weight in declared.items()}
    return np.array([given.get(label, 1.0) for label in labels], np.float32)
