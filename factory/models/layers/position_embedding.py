"""CHILD: Layer ``PositionEmbedding``: tells attention, which cannot see it otherwise, the position in a sequence."""

from __future__ import annotations

from typing import Any

import keras


class PositionEmbedding(keras.layers.Layer):
    """A layer that adds a learnt vector to each position of a sequence.

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
        """Create the vectors for inputs ``(batch, length, features)``, whose length must be known."""
        if len(input_shape) != 3 or input_shape[1] is None:
            raise ValueError(f"takes (batch, length, features) with a known length, got {input_shape}")
        self.positions = self.add_weight(
            name="positions", shape=input_shape[1:], initializer=self.initializer, trainable=True
        )

    def call(self, inputs: Any) -> Any:
        """Add the vectors to inputs ``(batch, length, features)``; the shape stays."""
        return inputs + keras.ops.cast(self.positions, inputs.dtype)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "initializer": keras.initializers.serialize(self.initializer)}
