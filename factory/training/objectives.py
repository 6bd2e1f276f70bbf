"""CHILD: what a training aims at and is measured by: the loss and the metrics of each output."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import keras

from factory.config.catalog import catalog
from factory.config.declaration import Declaration, parse
from factory.core.errors import ConfigError
from factory.core.messages import wrong
from factory.data.dataset import DataSpec, Output
from factory.models.keras_objects import at, find_class, make_object
from factory.models.own_classes import own_class
from factory.training import class_metrics
from factory.training.one_hot import OneHotLoss, takes_indices
from factory.training.scaled_loss import DIFFERENCES, ScaledLoss

AUTO_LOSS = {"classification": "SparseCategoricalCrossentropy", "regression": "MeanSquaredError"}
AUTO_METRIC = {"classification": "accuracy", "regression": "mae"}
SHORT_METRICS = {
    "accuracy": "SparseCategoricalAccuracy",
    "crossentropy": "SparseCategoricalCrossentropy",
    "mae": "MeanAbsoluteError",
    "mse": "MeanSquaredError",
}


def loss(declared: Any, spec: DataSpec) -> dict[str, Any]:
    """One loss for each output.

    Args:
        declared: ``auto``, a declaration for all outputs, or output → declaration (``auto`` for those not named).
        spec: of the data; outputs that are classes are int32 indices, and the loss is made to take those; a loss of
            differences counts in deviations of a target that has a scale.
    """
    each = _each_output(declared, spec)
    return {output.name: _loss(each[output.name], output) for output in spec.outputs}


def metrics(declared: Any, spec: DataSpec) -> dict[str, list[Any]]:
    """The metrics of each output.

    Args:
        declared: ``auto`` (accuracy, or mae), declarations for all outputs, or output → declarations.
        spec: of the data.
    """
    each = _each_output(declared, spec)
    lists = {name: value if isinstance(value, list) else [value] for name, value in each.items()}
    return {output.name: [_metric(metric, output) for metric in lists[output.name]] for output in spec.outputs}


def _each_output(declared: Any, spec: DataSpec) -> dict[str, Any]:
    """What is declared for each output; a mapping is by output when its keys are outputs."""
    names = [output.name for output in spec.outputs]
    if isinstance(declared, Mapping) and declared.keys() <= set(names):
        return {name: declared.get(name, "auto") for name in names}
    return dict.fromkeys(names, declared)


def _loss(declaration: Declaration, output: Output) -> Any:
    word, arguments = parse(AUTO_LOSS[output.task] if declaration == "auto" else declaration)
    _suits(word, output, "train.loss")
    find_class("losses", word, "train.loss")
    if own_class("losses", word):  # takes labels as they are everywhere in this package: class indices
        return make_object("losses", {word: arguments}, "train.loss")
    classes = {name.lower(): name for name in catalog.load().names("losses") if name[0].isupper()}
    kind = classes[word.replace("_", "").lower()]  # categorical_crossentropy → CategoricalCrossentropy
    made = make_object("losses", {kind: arguments}, "train.loss")
    if output.scale is not None and kind in DIFFERENCES:
        return ScaledLoss(made, output.scale.deviation)
    return made if output.classes is None or takes_indices(kind) else OneHotLoss(made, output.classes)


def _suits(word: str, output: Output, path: str) -> None:
    if output.classes is None and word.lower().startswith("sparse"):
        raise ConfigError(wrong(path, word, f"one for numbers: {output.name!r} is regression"))


def _metric(declaration: Declaration, output: Output) -> Any:
    word, arguments = parse(AUTO_METRIC[output.task] if declaration == "auto" else declaration)
    kind = SHORT_METRICS.get(word, word)
    _suits(kind, output, "train.metrics")
    found = find_class("metrics", kind, "train.metrics")
    if output.classes is None or takes_indices(kind) or own_class("metrics", kind):
        seen = class_metrics.View(lambda inner: inner)
    else:
        seen = class_metrics.view(kind, arguments, output)
    name = str(arguments.pop("name", word if word in SHORT_METRICS else seen.prefix + _snake(word)))
    if not isinstance(found, type):
        return seen.wrap(keras.metrics.MeanMetricWrapper(found, name=name))
    arguments |= {key: value for key, value in (seen.defaults or {}).items() if arguments.get(key) is None}
    if seen.kind is not None:
        with at(f"train.metrics.{kind}"):
            return seen.wrap(seen.kind(name=name, **arguments))
    return seen.wrap(make_object("metrics", {kind: arguments}, "train.metrics", name))


def _snake(word: str) -> str:
    """``F1Score`` → ``f1_score``, ``TopKCategoricalAccuracy`` → ``top_k_categorical_accuracy``, as Keras does."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=.)(?=[A-Z][a-z])", "_", word).lower()
