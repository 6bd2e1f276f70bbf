"""From a declaration to the Keras object it names: a layer, an optimizer, losses, metrics, callbacks.

Names resolve against the catalog alone, so a declaration from a stranger can neither import nor run anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from factory.config.catalog import catalog
from factory.config.declaration import Declaration, namespace, parse
from factory.core.errors import ConfigError, FactoryError
from factory.core.messages import listed, one_line, wrong
from factory.data.dataset import Array, Dataset, DataSpec, Output
from factory.models import own_layers
from factory.training import class_metrics
from factory.training.one_hot import OneHotLoss, takes_indices
from factory.training.scaled_loss import DIFFERENCES, ScaledLoss

BY_NAME = {"activations", "initializers", "regularizers", "constraints"}
"""Namespaces whose members Keras itself finds by name when they are given without arguments."""

AUTO_LOSS = {"classification": "SparseCategoricalCrossentropy", "regression": "MeanSquaredError"}
AUTO_METRIC = {"classification": "accuracy", "regression": "mae"}
SHORT_METRICS = {
    "accuracy": "SparseCategoricalAccuracy",
    "crossentropy": "SparseCategoricalCrossentropy",
    "mae": "MeanAbsoluteError",
    "mse": "MeanSquaredError",
}


def layer(declaration: Declaration, name: str, path: str = "model") -> keras.Layer:
    """The declared layer under a name of ours.

    Args:
        declaration: a public Keras layer or one of ``factory/models/layers``; wrapped layers and cells are
            declarations too.
        name: of the layer; those inside are named after it.
        path: of the declaration in the config, for errors.
    """
    return _make("layers", declaration, path, name)


def optimizer(config: Mapping[str, Any]) -> keras.optimizers.Optimizer:
    """The optimizer of the tree's node: ``name`` and its arguments; a learning rate may be a declared schedule."""
    return _make("optimizers", {config["name"]: {k: v for k, v in config.items() if k != "name"}}, "optimizer")


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


def callbacks(declared: Sequence[Declaration]) -> list[keras.callbacks.Callback]:
    """The declared callbacks, in order."""
    return [_make("callbacks", one, f"train.callbacks.{place}") for place, one in enumerate(declared or ())]


def class_weights(declared: Any, dataset: Dataset) -> dict[str, Array] | None:
    """What a training row of each class counts for in the loss.

    Args:
        declared: None, ``balanced`` (each class as much as the others), or label → weight of the first classification
            output, or output → label → weight; labels that are not named count 1.
        dataset: whose training rows are counted.

    Returns:
        output → weights ``(classes,)`` float32; None where nothing is declared.
    """
    outputs = {output.name: output for output in dataset.spec.outputs if output.labels}
    if declared is None:
        return None
    if not outputs:
        raise ConfigError(wrong("train.class_weight", declared, "null: the data has no classification output"))
    if declared == "balanced":
        return {name: _balanced(dataset.train.outputs[name], output) for name, output in outputs.items()}
    nested = all(isinstance(value, Mapping) for value in declared.values())
    each = declared if nested else {next(iter(outputs)): declared}
    return {name: _weights(weights, outputs[name]) for name, weights in each.items()}


@contextmanager
def at(path: str) -> Iterator[None]:
    """What Keras refuses becomes one line that begins with the place in the config."""
    try:
        yield
    except FactoryError:
        raise
    except Exception as error:
        raise ConfigError(f"{path}: {one_line(error)}") from error


def _find(space: str, name: str, path: str) -> Any:
    """The class or function of this name."""
    own = own_layers.find_layer(name) if space == "layers" else None
    if own is not None:
        return own
    if catalog.load().entry(space, name) is None:
        raise ConfigError(wrong(path, name, f"a name of keras' {space}", catalog.load().names(space)))
    return getattr(keras.optimizers.schedules if space == "schedules" else getattr(keras, space), name)


def _make(space: str, declaration: Declaration, path: str, name: str | None = None) -> Any:
    """The declared object; ``name`` is given to those that have one."""
    word, arguments = parse(declaration)
    found = _find(space, word, path)
    place = f"{path}.{word}"
    made = {key: _value(key, value, f"{place}.{key}", name) for key, value in arguments.items()}
    with at(place):
        return found(**made, **({} if name is None else {"name": name}))


def _value(key: str, value: Any, path: str, owner: str | None) -> Any:
    """One argument: a declaration where its name says so, otherwise the value itself."""
    space = namespace(key)
    if key == "noise_shape" and isinstance(value, list):
        return tuple(value)  # keras 3.15 refuses a list here and only here
    if isinstance(value, Mapping) and "class_name" in value:
        raise ConfigError(wrong(path, value, "a declaration, such as {L2: {l2: 0.01}}"))
    if space is None or value is None or isinstance(value, int | float):
        return value
    if isinstance(value, str) and space in BY_NAME:
        return value
    if isinstance(value, list):
        return [_make(space, one, f"{path}.{place}", f"{owner}_{key}_{place}") for place, one in enumerate(value)]
    return _make(space, value, path, f"{owner}_{key}" if space == "layers" else None)


def _each_output(declared: Any, spec: DataSpec) -> dict[str, Any]:
    """What is declared for each output; a mapping is by output when its keys are outputs."""
    names = [output.name for output in spec.outputs]
    if isinstance(declared, Mapping) and declared.keys() <= set(names):
        return {name: declared.get(name, "auto") for name in names}
    return dict.fromkeys(names, declared)


def _loss(declaration: Declaration, output: Output) -> Any:
    word, arguments = parse(AUTO_LOSS[output.task] if declaration == "auto" else declaration)
    _suits(word, output, "train.loss")
    _find("losses", word, "train.loss")
    classes = {name.lower(): name for name in catalog.load().names("losses") if name[0].isupper()}
    kind = classes[word.replace("_", "").lower()]  # categorical_crossentropy → CategoricalCrossentropy
    made = _make("losses", {kind: arguments}, "train.loss")
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
    found = _find("metrics", kind, "train.metrics")
    if output.classes is None or takes_indices(kind):
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
    return seen.wrap(_make("metrics", {kind: arguments}, "train.metrics", name))


def _snake(word: str) -> str:
    """``F1Score`` → ``f1_score``, ``TopKCategoricalAccuracy`` → ``top_k_categorical_accuracy``, as Keras does."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=.)(?=[A-Z][a-z])", "_", word).lower()


def _balanced(indices: Array, output: Output) -> Array:
    counts = np.maximum(np.bincount(indices, minlength=output.shape[0]), 1)
    return (len(indices) / (len(counts) * counts)).astype(np.float32)


def _weights(declared: Mapping[Any, float], output: Output) -> Array:
    labels = [str(label) for label in output.labels or ()]
    faults = [
        wrong("train.class_weight", str(label), f"labels of {output.name!r}: {listed(labels)}", labels)
        for label in declared
        if str(label) not in labels
    ]
    if faults:
        raise ConfigError(faults)
    given = {str(label): weight for label, weight in declared.items()}
    return np.array([given.get(label, 1.0) for label in labels], np.float32)
