"""CHILD: Adaptation of preprocessing layers to the training rows, such as Normalization's mean and variance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from factory.data.dataset import Array
from factory.models.keras_objects import errors_at

GIVEN = ("mean", "bin_boundaries", "vocabulary")
"""Arguments that give a preprocessing layer its statistics, so that it needs no adaptation."""

CHUNK = 1024
"""Rows that are sent at once through the layers in front of the one that is adapted."""


def adapt_statistics(model: keras.Model, inputs: Mapping[str, Array]) -> None:
    """Adapt every preprocessing layer without declared statistics to the training rows, in the model's order.

    Layers inside a backbone are left alone: their statistics belong to its weights.

    Args:
        model: as `factory.models.build.build_model` returns it; its layers are changed.
        inputs: the training rows, name → ``(rows, *shape)``.

    Raises:
        ConfigError: a layer cannot take these rows.
    """
    for layer in model.layers:
        if not hasattr(layer, "adapt") or any(layer.get_config().get(name) is not None for name in GIVEN):
            continue
        with errors_at(f"model: layer {layer.name!r}"):
            layer.adapt(_rows(model, layer, inputs))
            _keep_constant_columns(layer)


def _rows(model: keras.Model, layer: keras.Layer, inputs: Mapping[str, Array]) -> Array:
    """Return what a layer receives, ``(rows, ...)``; real numbers as float64, since sums go over many rows."""
    tensor = layer._inbound_nodes[0].input_tensors[0]
    names = {id(source): name for name, source in model.input.items()}
    if id(tensor) in names:
        rows = inputs[names[id(tensor)]]
    else:
        upstream = keras.Model(model.input, tensor)
        count = len(next(iter(inputs.values())))
        parts = [_call(upstream, inputs, slice(start, start + CHUNK)) for start in range(0, count, CHUNK)]
        rows = np.concatenate(parts)
    return rows.astype(np.float64) if rows.dtype == np.float32 else rows


def _call(upstream: keras.Model, inputs: Mapping[str, Array], rows: slice) -> Any:
    """Call a model on some rows; ``predict`` would compile it, and use the data pipeline of another framework."""
    return keras.ops.convert_to_numpy(upstream({name: array[rows] for name, array in inputs.items()}, training=False))


def _keep_constant_columns(layer: keras.Layer) -> None:
    """Set the variance of columns that never vary to 1, so that they keep their scale.

    Keras divides by ``max(sqrt(variance), 1e-7)``: one grey level in a corner that was always black reaches 6e5.
    """
    if isinstance(layer, keras.layers.Normalization):
        variance = keras.ops.convert_to_numpy(layer.adapt_variance)
        layer.adapt_variance.assign(np.where(variance < 1e-12, 1.0, variance).astype(variance.dtype))
        layer.finalize_state()
