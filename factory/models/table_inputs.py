"""CHILD: The tensors that preprocessing makes of a table, as real numbers for the layers of any model kind."""

from __future__ import annotations

import math
from typing import Any

from factory.core.signature import Tensor
from factory.data.dataset import DataSpec
from factory.models.own_classes import own_class
from factory.preprocessing.columns import CategoryColumn, TextColumn

LONGEST = 50
"""Most numbers in the vector of a category."""


def real_numbers(spec: DataSpec, tensor: Tensor, x: Any) -> Any | None:
    """Return an input that preprocessing made as numbers ``(batch, features)``; None where it made none like it.

    Args:
        spec: of the data.
        tensor: the input.
        x: its Keras tensor ``(batch, *shape)``.
    """
    fitted = spec.preprocessing
    if fitted is None or tensor.name not in {made.name for made in fitted.tensors}:
        return None
    texts = {column.input: column for column in fitted.columns if isinstance(column, TextColumn)}
    if tensor.name in texts:
        return _text(texts[tensor.name], x)
    if tensor.dtype.startswith("int"):
        cardinalities = [column.cardinality for column in fitted.coded]
        hot = [isinstance(column, CategoryColumn) and column.one_hot for column in fitted.coded]
        sizes = [0 if one else vector_size(codes) for codes, one in zip(cardinalities, hot, strict=True)]
        layer = own_class("layers", "ColumnEmbeddings")
        return layer(cardinalities=cardinalities, dimensions=sizes, name=f"{tensor.name}_vectors")(x)
    return x


def _text(column: TextColumn, x: Any) -> Any:
    """Return token ids as the mean of their vectors, counts of words as they are."""
    if not column.length:
        return x
    words = column.words + 2
    layer = own_class("layers", "MeanEmbedding")
    return layer(words=words, dimension=vector_size(words), name=f"{column.input}_vectors")(x)


def vector_size(codes: int) -> int:
    """Return the length of the vectors for so many codes; the rule of thumb of fastai's tabular models.

    >>> vector_size(3), vector_size(50), vector_size(10_000)
    (3, 14, 50)
    """
    return min(LONGEST, math.ceil(1.6 * math.pow(codes, 0.56)))
