"""CHILD: Adaptation of preprocessing layers to the training rows, such as Normalization's mean and variance."""

from __future__ import annotations

import math
from collections.abc import Mapping

import keras
import numpy as np

from factory.data.dataset import Array
from factory.data.stored import CHUNK, Column, StoredRows
from factory.models.keras_objects import errors_at

GIVEN = ("mean", "bin_boundaries", "vocabulary")
"""Arguments that give a preprocessing layer its statistics, so that it needs no adaptation."""


def adapt_statistics(model: keras.Model, inputs: Mapping[str, Column]) -> None:
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
            received = Received(model, layer, inputs)
            layer.adapt(received if received.stored else received.whole())
            _keep_constant_columns(layer)


class Received(keras.utils.PyDataset):
    """What a layer of a model receives, in batches of `CHUNK` rows.

    Args:
        model: holds the layer.
        layer: has been called once.
        inputs: of the model, name → ``(rows, *shape)``.
    """

    def __init__(self, model: keras.Model, layer: keras.Layer, inputs: Mapping[str, Column]) -> None:
        super().__init__()
        tensor = layer._inbound_nodes[0].input_tensors[0]
        self.direct = next((name for name, source in model.input.items() if source is tensor), None)
        self.upstream = None if self.direct else keras.Model(model.input, tensor)
        self.inputs = inputs

    @property
    def stored(self) -> bool:
        """Whether the rows are not in memory; then not all batches need fit."""
        return any(isinstance(column, StoredRows) for column in self.inputs.values())

    def __len__(self) -> int:
        return math.ceil(len(next(iter(self.inputs.values()))) / CHUNK)

    def __getitem__(self, index: int) -> Array:
        rows = slice(index * CHUNK, (index + 1) * CHUNK)
        named = {
            name: column.read(rows) if isinstance(column, StoredRows) else column[rows]
            for name, column in self.inputs.items()
            if self.direct in (None, name)
        }
        if self.direct or self.upstream is None:
            return next(iter(named.values()))
        # `predict` would compile the model, and use the data pipeline of another framework
        received: Array = keras.ops.convert_to_numpy(self.upstream(named, training=False))
        return received

    def whole(self) -> Array:
        """Return all batches as one array; real numbers as float64, since sums go over many rows."""
        rows = np.concatenate([self[index] for index in range(len(self))])
        return rows.astype(np.float64) if rows.dtype == np.float32 else rows


def _keep_constant_columns(layer: keras.Layer) -> None:
    """Set the variance of columns that never vary to 1, so that they keep their scale.

    Keras divides by ``max(sqrt(variance), 1e-7)``: one grey level in a corner that was always black reaches 6e5.
    """
    if isinstance(layer, keras.layers.Normalization):
        variance = keras.ops.convert_to_numpy(layer.adapt_variance)
        layer.adapt_variance.assign(np.where(variance < 1e-12, 1.0, variance).astype(variance.dtype))
        layer.finalize_state()
