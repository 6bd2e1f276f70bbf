"""CHILD: Statistics that layers take from the training rows, such as Normalization's mean and variance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from factory.data.dataset import Array
from factory.models.keras_objects import at

GIVEN = ("mean", "bin_boundaries", "vocabulary")
"""Arguments by which Keras' layers are declared with their statistics."""

CHUNK = 1024
"""Rows that go through the layers before at once."""


def adapt_statistics(model: keras.Model, inputs: Mapping[str, Array]) -> None:
    """Give every layer that takes statistics, and has none declared, those of these rows; in the model's order.

    Layers inside a backbone are left alone: their statistics belong to its weights.

    Args:
        model: as `factory.models.build.build_model` gives it.
        inputs: the training rows, name → ``(rows, *shape)``.

    Raises:
        ConfigError: a layer cannot take these rows.
    """
    for layer in model.layers:
        if not hasattr(layer, "adapt") or any(layer.get_config().get(name) is not None for name in GIVEN):
            continue
        with at(f"model: layer {layer.name!r}"):
            layer.adapt(_rows(model, layer, inputs))
            _keep_constant_columns(layer)


def _rows(model: keras.Model, layer: keras.Layer, inputs: Mapping[str, Array]) -> Array:
    """What reaches the layer, ``(rows, ...)``; float64 for numbers, for the sake of sums over many rows."""
    tensor = layer._inbound_nodes[0].input_tensors[0]
    names = {id(source): name for name, source in model.input.items()}
    if id(tensor) in names:
        rows = inputs[names[id(tensor)]]
    else:
        before = keras.Model(model.input, tensor)
        count = len(next(iter(inputs.values())))
        parts = [_call(before, inputs, slice(start, start + CHUNK)) for start in range(0, count, CHUNK)]
        rows = np.concatenate(parts)
    return rows.astype(np.float64) if rows.dtype == np.float32 else rows


def _call(before: keras.Model, inputs: Mapping[str, Array], rows: slice) -> Any:
    """Called, not predicted: no compilation, and no data pipeline of another framework."""
    return keras.ops.convert_to_numpy(before({name: array[rows] for name, array in inputs.items()}, training=False))


def _keep_constant_columns(layer: keras.Layer) -> None:
    """A column that never varied in training keeps its scale.

    Keras divides by ``max(sqrt(variance), 1e-7)``: one grey level in a corner that was always black reaches 6e5.
    """
    if isinstance(layer, keras.layers.Normalization):
        variance = keras.ops.convert_to_numpy(layer.adapt_variance)
        layer.adapt_variance.assign(np.where(variance < 1e-12, 1.0, variance).astype(variance.dtype))
        layer.finalize_state()
