"""CHILD: Model kind ``tabular``: a wide and deep network for the columns of a table."""

from __future__ import annotations

import math
from typing import Any

import keras

from factory.config.declaration import Activation, Rate, Size
from factory.data.dataset import DataSpec
from factory.models import functional
from factory.models.keras_objects import errors_at
from factory.models.table_inputs import real_numbers

NARROWEST, WIDEST = 64, 512


def build(
    spec: DataSpec,
    *,
    hidden: list[Size] | None = None,
    activation: Activation = "relu",
    dropout: Rate = 0.1,
    wide: bool = True,
) -> keras.Model:
    """Build a network of dense layers on the numbers, categories and texts of a table, with a linear way around them.

    Source: Cheng et al., "Wide & Deep Learning for Recommender Systems", 2016.

    Args:
        spec: of the data.
        hidden: units of each hidden layer; None takes two layers sized by the number of features.
        activation: of the hidden layers.
        dropout: share of each hidden layer's answers that training drops.
        wide: whether each head sees the features themselves beside what the hidden layers make of them.
    """
    tensors = functional.inputs(spec)
    parts = [_flat(spec, tensor.name, tensors[tensor.name]) for tensor in spec.inputs]
    features = parts[0] if len(parts) == 1 else keras.layers.Concatenate(name="columns")(parts)
    x = features
    for index, units in enumerate(sizes(int(features.shape[-1])) if hidden is None else hidden):
        with errors_at(f"model.hidden[{index}]"):
            x = keras.layers.Dense(units, activation=activation, name=f"hidden_{index + 1}")(x)
        if dropout:
            with errors_at("model.dropout"):
                x = keras.layers.Dropout(dropout, name=f"hidden_{index + 1}_dropout")(x)
    answers = functional.heads(spec, keras.layers.Concatenate(name="wide_and_deep")([features, x]) if wide else x)
    return functional.model(spec, tensors, answers, {output.name: "model" for output in spec.outputs})


def sizes(features: int) -> list[int]:
    """Return the units of two hidden layers: the power of two next to four times the features, then half of it.

    >>> sizes(10), sizes(60), sizes(5000)
    ([64, 32], [256, 128], [512, 256])
    """
    units = 2 ** round(math.log2(4 * features))
    units = min(max(units, NARROWEST), WIDEST)
    return [units, units // 2]


def _flat(spec: DataSpec, name: str, x: Any) -> Any:
    """Return an input ``(batch, *shape)`` as real numbers ``(batch, features)``."""
    tensor = next(tensor for tensor in spec.inputs if tensor.name == name)
    made = real_numbers(spec, tensor, x)
    if made is not None:
        return made
    x = keras.layers.Flatten(name=f"{name}_flat")(x) if len(tensor.shape) > 1 else x
    return keras.layers.Normalization(name=f"{name}_standardized")(x)
