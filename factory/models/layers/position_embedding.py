"""CHILD: Where in a sequence a vector stands: what attention alone cannot see."""

from __future__ import annotations

from typing import Any

import keras


class PositionEmbedding(keras.layers.Layer):
    """Adds one learnt vector for each place of a sequence.

    Source: Gehring et al., "Convolutional Sequence to Sequence Learning", 2017, section 3.1.

    Args:
        initializer: of the vectors.
        arguments: those of every Keras layer: name, dtype, trainable.
    """

    def __init__(self, *, initializer: str = "glorot_uniform", **arguments: Any) -> None:
        super().__init__(**arguments)
        self.initializer = keras.initializers.get(initializer)
        self.supports_masking = True

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Takes the length from ``(batch, length, features)``; it must be known."""
        if len(input_shape) != 3 or input_shape[1] is None:
            raise ValueError(f"takes (batch, length, features) with a known length, got {input_shape}")
        self.positions = self.add_weight(
            name="positions", shape=input_shape[1:], initializer=self.initializer, trainable=True
        )

    def call(self, inputs: Any) -> Any:
        """``(batch, length, features)`` → the same shape."""
        return inputs + keras.ops.cast(self.positions, inputs.dtype)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "initializer": keras.initializers.serialize(self.initializer)}
