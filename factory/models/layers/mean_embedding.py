"""CHILD: Layer ``MeanEmbedding``: a text as the mean of the vectors of its tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras


class MeanEmbedding(keras.layers.Layer):
    """A layer that turns token ids ``(batch, length)`` int32, 0 where there is none, into ``(batch, dimension)``.

    The mean is over the tokens that are there; a text without any becomes zeros.

    Args:
        words: number of ids, with 0.
        dimension: length of the vectors.
        initializer: of the vectors.
        arguments: those of every Keras layer: name, dtype, trainable.
    """

    def __init__(self, *, words: int, dimension: int, initializer: str = "uniform", **arguments: Any) -> None:
        super().__init__(**arguments)
        self.words, self.dimension = words, dimension
        self.initializer = keras.initializers.get(initializer)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the vectors for ids ``(batch, length)``."""
        if len(input_shape) != 2:
            raise ValueError(f"takes (batch, length), got {input_shape}")
        self.vectors = self.add_weight(name="vectors", shape=(self.words, self.dimension), initializer=self.initializer)

    def call(self, inputs: Any) -> Any:
        """Return the mean vector of ids ``(batch, length)``, ``(batch, dimension)``."""
        vectors = keras.ops.take(keras.ops.cast(self.vectors, self.compute_dtype), inputs, axis=0)
        there = keras.ops.expand_dims(keras.ops.cast(keras.ops.not_equal(inputs, 0), self.compute_dtype), -1)
        count = keras.ops.maximum(keras.ops.sum(there, axis=1), 1)
        return keras.ops.sum(vectors * there, axis=1) / count

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> tuple[int | None, ...]:
        return (input_shape[0], self.dimension)

    def compute_output_spec(self, inputs: Any) -> Any:
        """Say that the answers are real numbers, though the ids are whole ones."""
        return keras.KerasTensor(self.compute_output_shape(inputs.shape), dtype=self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        own = {"words": self.words, "dimension": self.dimension}
        return {**super().get_config(), **own, "initializer": keras.initializers.serialize(self.initializer)}
