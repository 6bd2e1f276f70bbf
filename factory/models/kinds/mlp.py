"""CHILD: Model kind ``mlp``: a multilayer perceptron, dense layers for rows of numbers."""

from __future__ import annotations

from typing import Any, Literal

import keras

from factory.config.declaration import Activation, Rate, Size
from factory.core.errors import ConfigError
from factory.core.signature import Tensor
from factory.data.dataset import DataSpec
from factory.models import functional
from factory.models.keras_objects import errors_at
from factory.models.table_inputs import real_numbers


def build(
    spec: DataSpec,
    *,
    hidden: list[Size],
    activation: Activation | list[Activation] = "relu",
    dropout: Rate = 0.0,
    normalization: Literal["batch", "layer"] | None = None,
    standardize: bool = False,
) -> keras.Model:
    """Build an MLP: the inputs flattened and concatenated, hidden layers, a head for each output.

    Args:
        spec: of the data.
        hidden: units of each hidden layer.
        activation: of all hidden layers, or one for each.
        dropout: share of each hidden layer's answers that training drops.
        normalization: batch or layer normalization after each hidden layer, before its activation.
        standardize: subtract the training rows' mean and divide by their deviation, each input column by itself.

    Raises:
        ConfigError: the number of activations is not that of the hidden layers, or Keras refuses an argument.
    """
    activations = activation if isinstance(activation, list) else [activation] * len(hidden)
    if len(activations) != len(hidden):
        raise ConfigError(f"model.activation: got {len(activations)}; takes one, or {len(hidden)} as model.hidden has")
    tensors = functional.inputs(spec)
    flat = [_flat(spec, tensor, tensors[tensor.name], standardize) for tensor in spec.inputs]
    x = flat[0] if len(flat) == 1 else keras.layers.Concatenate(name="inputs")(flat)
    for index, units in enumerate(hidden):
        with errors_at(f"model.hidden[{index}]"):
            x = _hidden(x, f"hidden_{index + 1}", units, activations[index], normalization)
        if dropout:
            with errors_at("model.dropout"):
                x = keras.layers.Dropout(dropout, name=f"hidden_{index + 1}_dropout")(x)
    paths = {output.name: "model" for output in spec.outputs}
    return functional.model(spec, tensors, functional.heads(spec, x), paths)


def _flat(spec: DataSpec, tensor: Tensor, x: Any, standardize: bool) -> Any:
    """Flatten an input ``(batch, *shape)`` to ``(batch, features)`` of real numbers."""
    made = real_numbers(spec, tensor, x)
    if made is not None:  # preprocessing has standardized what is to be
        return made
    if len(tensor.shape) > 1:
        x = keras.layers.Flatten(name=f"{tensor.name}_flat")(x)
    if standardize:
        return keras.layers.Normalization(name=f"{tensor.name}_standardized")(x)
    if tensor.dtype.startswith("int"):
        return keras.layers.Rescaling(1.0, name=f"{tensor.name}_real")(x)
    return x


def _hidden(x: Any, name: str, units: int, activation: str, normalization: str | None) -> Any:
    """Return one hidden layer's output ``(batch, units)``: dense, normalization if any, activation."""
    if normalization is None:
        return keras.layers.Dense(units, activation=activation, name=name)(x)
    x = keras.layers.Dense(units, use_bias=False, name=name)(x)  # the normalization has a bias of its own
    layer = {"batch": keras.layers.BatchNormalization, "layer": keras.layers.LayerNormalization}[normalization]
    x = layer(name=f"{name}_normalization")(x)
    return keras.layers.Activation(activation, name=f"{name}_activation")(x)
