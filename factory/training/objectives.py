"""CHILD: The loss and the metrics of each output, created from their declarations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import keras

from factory.config.catalog import catalog
from factory.config.declaration import Declaration, parse_declaration
from factory.core.errors import ConfigError
from factory.core.messages import wrong
from factory.data.dataset import DataSpec, Output
from factory.models.keras_objects import errors_at, find_class, make_object
from factory.models.own_classes import own_class
from factory.training import class_metrics
from factory.training.one_hot import OneHotLoss, PixelLoss, takes_indices
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
    """Create the loss of each output, by output name.

    Args:
        declared: ``auto``, a declaration for all outputs, or output → declaration (``auto`` for those not named).
        spec: of the data. Losses of a classification are wrapped to take class indices, int32; losses of a difference
            are computed in units of the target's standard deviation, where the target is standardized.

    Raises:
        ConfigError: there is no such loss, it does not suit the output, or Keras refuses its arguments.
    """
    by_output = _each_output(declared, spec)
    return {output.name: _loss(by_output[output.name], output) for output in spec.outputs}


def metrics(declared: Any, spec: DataSpec) -> dict[str, list[Any]]:
    """Create the metrics of each output, by output name.

    Args:
        declared: ``auto`` (accuracy, or mae), declarations for all outputs, or output → declarations.
        spec: of the data.

    Raises:
        ConfigError: there is no such metric, it does not suit the output, or Keras refuses its arguments.
    """
    by_output = _each_output(declared, spec)
    lists = {name: value if isinstance(value, list) else [value] for name, value in by_output.items()}
    return {output.name: [_metric(metric, output) for metric in lists[output.name]] for output in spec.outputs}


def _each_output(declared: Any, spec: DataSpec) -> dict[str, Any]:
    """Return the declaration of each output; a mapping is taken as one by output if all its keys are outputs."""
    names = [output.name for output in spec.outputs]
    if isinstance(declared, Mapping) and declared.keys() <= set(names):
        return {name: declared.get(name, "auto") for name in names}
    return dict.fromkeys(names, declared)


def _loss(declaration: Declaration, output: Output) -> Any:
    """Create the loss of one output, which takes the output's targets as this package stores them."""
    word, arguments = parse_declaration(AUTO_LOSS[output.task] if declaration == "auto" else declaration)
    _suits(word, output, "train.loss")
    find_class("losses", word, "train.loss")
    if own_class("losses", word):  # losses of plug-ins take class indices, as stored
        return make_object("losses", {word: arguments}, "train.loss")
    classes = {name.lower(): name for name in catalog.load_catalog().names("losses") if name[0].isupper()}
    kind = classes[word.replace("_", "").lower()]  # categorical_crossentropy → CategoricalCrossentropy
    made = make_object("losses", {kind: arguments}, "train.loss")
    if output.scale is not None and kind in DIFFERENCES:
        return ScaledLoss(made, output.scale.deviation)
    if output.classes is None:
        return made
    if not takes_indices(kind):
        return OneHotLoss(made, output.classes)
    return PixelLoss(made) if len(output.shape) > 1 else made


def _suits(word: str, output: Output, path: str) -> None:
    """Refuse a loss or metric of class indices for a regression."""
    if output.classes is None and word.lower().startswith("sparse"):
        raise ConfigError(wrong(path, word, f"one for numbers: {output.name!r} is regression"))


def _metric(declaration: Declaration, output: Output) -> Any:
    """Create one metric of an output, which takes the output's targets as this package stores them."""
    word, arguments = parse_declaration(AUTO_METRIC[output.task] if declaration == "auto" else declaration)
    kind = SHORT_METRICS.get(word, word)
    _suits(kind, output, "train.metrics")
    metric_class = find_class("metrics", kind, "train.metrics")
    if output.classes is None or takes_indices(kind) or own_class("metrics", kind):
        view = class_metrics.View(lambda inner: inner)
    else:
        view = class_metrics.view(kind, arguments, output)
    name = str(arguments.pop("name", word if word in SHORT_METRICS else view.prefix + _snake(word)))
    if not isinstance(metric_class, type):
        return view.wrap(keras.metrics.MeanMetricWrapper(metric_class, name=name))
    arguments |= {key: value for key, value in (view.defaults or {}).items() if arguments.get(key) is None}
    if view.kind is not None:
        with errors_at(f"train.metrics.{kind}"):
            return view.wrap(view.kind(name=name, **arguments))
    return view.wrap(make_object("metrics", {kind: arguments}, "train.metrics", name))


def _snake(word: str) -> str:
    """Return a class name in snake case as Keras writes it: ``F1Score`` becomes ``f1_score``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=.)(?=[A-Z][a-z])", "_", word).lower()
