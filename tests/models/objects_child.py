"""Makes under one backend the objects that test_keras_objects.py asks for, and says in JSON what they are."""

from __future__ import annotations

import json
from typing import Any

import keras
import numpy as np

from factory.core.errors import ConfigError
from factory.data.dataset import DataSpec
from factory.data.load import load_dataset
from factory.models import keras_objects
from factory.models.build import build_model
from factory.training import callback, objectives
from factory.training import class_weights as weighting

DIGITS = load_dataset({"source": "digits"})
PAIR = load_dataset({"source": "synthetic", "inputs": {"x": [8]}, "outputs": {"label": 3, "cost": 0}, "rows": 120})

METRICS = ["accuracy", "crossentropy", "F1Score", "AUC", {"TopKCategoricalAccuracy": {"k": 2}}, "Precision"]
METRICS += [
    "categorical_accuracy",
    "SparseTopKCategoricalAccuracy",
    {"MeanIoU": {"num_classes": 10, "sparse_y_pred": False, "name": "iou"}},
]


def refusal(make: Any, *arguments: Any) -> str:
    try:
        made = make(*arguments)
    except ConfigError as error:
        return str(error)
    return f"accepted: {made}"


def layers() -> dict[str, Any]:
    both = keras_objects.layer({"Bidirectional": {"layer": {"GRU": {"units": 2}}, "backward_layer": None}}, "both")
    cells = {"RNN": {"cell": {"StackedRNNCells": {"cells": [{"GRUCell": {"units": 2}}, {"LSTMCell": {"units": 3}}]}}}}
    rnn = keras_objects.layer(cells, "rnn")
    drop = keras_objects.layer({"Dropout": {"rate": 0.5, "noise_shape": [None, 1]}}, "drop")
    dense = keras_objects.layer({"Dense": {"units": 2, "kernel_constraint": {"MaxNorm": {"max_value": 2}}}}, "dense")
    own = keras_objects.layer("PositionEmbedding", "place")
    return {
        "nested": [both.name, both.forward_layer.name, rnn.cell.name, [cell.name for cell in rnn.cell.cells]],
        "noise_shape": list(drop.noise_shape),
        "constraint": [type(dense.kernel_constraint).__name__, dense.kernel_constraint.max_value],
        "own": type(own).__module__,
    }


def optimizers() -> dict[str, Any]:
    plain = keras_objects.optimizer({"name": "SGD", "learning_rate": 0.25, "momentum": 0.9, "clipnorm": 1.0})
    decay = {"CosineDecay": {"initial_learning_rate": 0.5, "decay_steps": 10}}
    scheduled = keras_objects.optimizer({"name": "AdamW", "learning_rate": decay})
    return {
        "plain": [type(plain).__name__, round(float(plain.learning_rate), 6), plain.clipnorm],
        "scheduled": [type(scheduled).__name__, float(scheduled.learning_rate)],
    }


def losses() -> dict[str, Any]:
    """A loss on one-hot targets and its sparse twin are the same number; with weights too."""
    draw = np.random.default_rng(0)
    labels, answers = draw.integers(10, size=6), draw.dirichlet(np.ones(10), size=6).astype("float32")
    weights = draw.random(6).astype("float32")

    def values(declared: Any) -> list[float]:
        (loss,) = objectives.loss(declared, DIGITS.spec).values()
        return [float(loss(labels, answers)), float(loss(labels[:, None], answers, weights))]

    restored = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(objectives.loss("CategoricalCrossentropy", DIGITS.spec)["digit"])
    )
    each = objectives.loss({"cost": {"Huber": {"delta": 2.0}}}, PAIR.spec)
    return {
        "auto": values("auto"),
        "sparse": values("SparseCategoricalCrossentropy"),
        "dense": values("CategoricalCrossentropy"),
        "function": values("categorical_crossentropy"),
        "restored": float(restored(labels, answers)),
        "focal": values({"CategoricalFocalCrossentropy": {"alpha": 1.0, "gamma": 0.0}}),
        "each": {name: type(loss).__name__ for name, loss in each.items()},
    }


def fit(spec: DataSpec, rows: Any, metrics: Any) -> dict[str, float]:
    model = build_model({"kind": "mlp", "hidden": [16]}, spec)
    model.compile(
        optimizer=keras_objects.optimizer({"name": "Adam", "learning_rate": 0.01}),
        loss=objectives.loss("auto", spec),
        metrics=objectives.metrics(metrics, spec),
    )
    model.fit(rows.inputs, rows.outputs, epochs=2, verbose=0)
    found = model.evaluate(rows.inputs, rows.outputs, verbose=0, return_dict=True)
    return {name: float(value) for name, value in found.items()}


def callbacks() -> list[Any]:
    made = callback.callbacks(["TerminateOnNaN", {"EarlyStopping": {"patience": 3, "monitor": "val_loss"}}])
    return [type(made[0]).__name__, type(made[1]).__name__, made[1].patience]


def class_weights() -> dict[str, Any]:
    balanced = weighting.class_weights("balanced", PAIR)
    named = weighting.class_weights({"1": 2.5}, PAIR)
    counts = np.bincount(PAIR.train.outputs["label"])
    return {
        "none": weighting.class_weights(None, PAIR),
        "balanced": float((balanced or {})["label"] @ counts) / counts.sum(),
        "equal": float(np.ptp((balanced or {})["label"] * counts)),
        "named": (named or {})["label"].tolist(),
        "unknown": refusal(weighting.class_weights, {"7": 1.0}, PAIR),
    }


def refusals() -> dict[str, str]:
    return {
        "optimizer": refusal(keras_objects.optimizer, {"name": "Adams"}),
        "argument": refusal(keras_objects.optimizer, {"name": "Adam", "learning_rat": 1}),
        "schedule": refusal(keras_objects.optimizer, {"name": "Adam", "learning_rate": {"CosinDecay": {}}}),
        "loss": refusal(objectives.loss, "Crossentropy", DIGITS.spec),
        "sparse": refusal(objectives.loss, "SparseCategoricalCrossentropy", PAIR.spec),
        "callback": refusal(callback.callbacks, ["LambdaCallback"]),
        "metric": refusal(objectives.metrics, ["acuracy"], DIGITS.spec),
    }


if __name__ == "__main__":
    found = {make.__name__: make() for make in (layers, optimizers, losses, callbacks, class_weights, refusals)}
    found["digits"] = fit(DIGITS.spec, DIGITS.train, METRICS)
    found["pair"] = fit(PAIR.spec, PAIR.train, {"cost": ["mae", "R2Score"]})
    print(json.dumps(found))
