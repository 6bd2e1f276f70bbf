"""CHILD: Dense layers one after the other: the plainest model for rows of numbers."""

from __future__ import annotations

from typing import Any, Literal

import keras

from factory.config.declaration import Activation
from factory.core.errors import ConfigError
from factory.core.signature import Tensor
from factory.data.dataset import DataSpec
from factory.models import functional
from factory.models.keras_objects import at


def build(
    spec: DataSpec,
    *,
    hidden: list[int],
    activation: Activation | list[Activation] = "relu",
    dropout: float = 0.0,
    normalization: Literal["batch", "layer"] | None = None,
    standardize: bool = False,
) -> keras.Model:
    """Inputs flattened side by side, hidden layers, a head for each output.

    Args:
        spec: of the data.
        hidden: units of each hidden layer.
        activation: of all hidden layers, or one for each.
        dropout: share of each hidden layer's answers that training drops.
        normalization: after each hidden layer, before its activation.
        standardize: subtract the training rows' mean and divide by their deviation, each input column by itself.
    """
    activations = activation if isinstance(activation, list) else [activation] * len(hidden)
    if len(activations) != len(hidden):
        raise ConfigError(f"model.activation: got {len(activations)}; takes one, or {len(hidden)} as model.hidden has")
    tensors = functional.inputs(spec)
    flat = [_flat(one, tensors[one.name], standardize) for one in spec.inputs]
    x = flat[0] if len(flat) == 1 else keras.layers.Concatenate(name="inputs")(flat)
    for place, units in enumerate(hidden):
        with at(f"model.hidden[{place}]"):
            x = _hidden(x, f"hidden_{place + 1}", units, activations[place], normalization)
        if dropout:
            with at("model.dropout"):
                x = keras.layers.Dropout(dropout, name=f"hidden_{place + 1}_dropout")(x)
    return functional.model(spec, tensors, functional.heads(spec, x), {one.name: "model" for one in spec.outputs})


def _flat(one: Tensor, x: Any, standardize: bool) -> Any:
    """``(batch, *shape)`` → ``(batch, features)`` of real numbers."""
    if len(one.shape) > 1:
        x = keras.layers.Flatten(name=f"{one.name}_flat")(x)
    if standardize:
        return keras.layers.Normalization(name=f"{one.name}_standardized")(x)
    if one.dtype.startswith("int"):
        return keras.layers.Rescaling(1.0, name=f"{one.name}_real")(x)
    return x


def _hidden(x: Any, name: str, units: int, activation: str, normalization: str | None) -> Any:
    if normalization is None:
        return keras.layers.Dense(units, activation=activation, name=name)(x)
    x = keras.layers.Dense(units, use_bias=False, name=name)(x)  # the normalization has a bias of its own
    layer = {"batch": keras.layers.BatchNormalization, "layer": keras.layers.LayerNormalization}[normalization]
    x = layer(name=f"{name}_normalization")(x)
    return keras.layers.Activation(activation, name=f"{name}_activation")(x)
