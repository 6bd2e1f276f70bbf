"""CHILD: Temporary unrolling of recurrent layers, for converters that cannot handle their loops."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

from factory.core.signature import Signature


def recurrent(model: keras.Model) -> list[Any]:
    """Return the layers of a model that can be unrolled, those of nested models included."""
    return [layer for layer in model._flatten_layers() if isinstance(getattr(layer, "unroll", None), bool)]


@contextmanager
def unrolled(model: keras.Model, signature: Signature) -> Iterator[None]:
    """Unroll the recurrent layers of a model inside the block: one copy of their step for each time step.

    LiteRT keeps a loop over a free batch axis only with TensorFlow ops that its plain interpreter lacks, and Keras'
    loop under torch iterates over the batch axis, which fixes its size in a trace (keras 3.15). The unrolled layers
    compute the same.

    Args:
        model: its layers are changed, and restored at the end.
        signature: of the model; where an input has a free axis besides the batch, the number of steps is unknown and
            nothing is unrolled.
    """
    free = any(size is None for tensor in signature.inputs for size in tensor.shape)
    loops = [] if free else [layer for layer in recurrent(model) if not layer.unroll]
    for layer in loops:
        layer.unroll = True
    try:
        yield
    finally:
        for layer in loops:
            layer.unroll = False
