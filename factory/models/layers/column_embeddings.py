"""CHILD: Layer ``ColumnEmbeddings``: the codes of a table's columns as vectors, learnt for each column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras


class ColumnEmbeddings(keras.layers.Layer):
    """A layer that turns codes ``(batch, columns)`` int32 into real numbers ``(batch, features)``.

    A column with a dimension has a learnt vector for each code (Guo and Berkhahn, "Entity Embeddings of Categorical
    Variables", 2016); one with dimension 0 becomes one number for each code, 1 where it is that code.

    Args:
        cardinalities: number of codes of each column.
        dimensions: length of its vectors, 0 for one number a code; as many as columns.
        initializer: of the vectors.
        arguments: those of every Keras layer: name, dtype, trainable.
    """

    def __init__(
        self, *, cardinalities: list[int], dimensions: list[int], initializer: str = "uniform", **arguments: Any
    ) -> None:
        super().__init__(**arguments)
        if len(cardinalities) != len(dimensions):
            raise ValueError(f"takes a dimension for each of {len(cardinalities)} columns, got {len(dimensions)}")
        self.cardinalities, self.dimensions = list(cardinalities), list(dimensions)
        self.initializer = keras.initializers.get(initializer)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the vectors for codes ``(batch, columns)``."""
        if len(input_shape) != 2 or input_shape[1] != len(self.cardinalities):
            raise ValueError(f"takes (batch, {len(self.cardinalities)}), got {input_shape}")
        self.vectors = [
            self.add_weight(name=f"vectors_{column}", shape=(codes, size), initializer=self.initializer)
            if size
            else None
            for column, (codes, size) in enumerate(zip(self.cardinalities, self.dimensions, strict=True))
        ]

    def call(self, inputs: Any) -> Any:
        """Return the vectors of codes ``(batch, columns)``, side by side ``(batch, features)``."""
        parts = []
        for column, vectors in enumerate(self.vectors):
            codes = inputs[:, column]
            parts.append(
                keras.ops.one_hot(codes, self.cardinalities[column], dtype=self.compute_dtype)
                if vectors is None
                else keras.ops.take(keras.ops.cast(vectors, self.compute_dtype), codes, axis=0)
            )
        return parts[0] if len(parts) == 1 else keras.ops.concatenate(parts, axis=-1)

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> tuple[int | None, ...]:
        sizes = [size or codes for codes, size in zip(self.cardinalities, self.dimensions, strict=True)]
        return (input_shape[0], sum(sizes))

    def compute_output_spec(self, inputs: Any) -> Any:
        """Say that the answers are real numbers, though the codes are whole ones."""
        return keras.KerasTensor(self.compute_output_shape(inputs.shape), dtype=self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        own = {"cardinalities": self.cardinalities, "dimensions": self.dimensions}
        return {**super().get_config(), **own, "initializer": keras.initializers.serialize(self.initializer)}
