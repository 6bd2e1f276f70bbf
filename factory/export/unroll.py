"""CHILD: Recurrent layers, unrolled for as long as a converter looks at them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

from factory.core.signature import Signature


def recurrent(model: keras.Model) -> list[Any]:
    """The layers of a model, nested ones included, that can be unrolled."""
    return [layer for layer in model._flatten_layers() if isinstance(getattr(layer, "unroll", None), bool)]


@contextmanager
def unrolled(model: keras.Model, signature: Signature) -> Iterator[None]:
    """Give the recurrent layers of a model one copy of their step for each time step.

    LiteRT keeps a loop over a free batch axis only with TensorFlow ops that its plain interpreter lacks, and Keras'
    loop under torch iterates over the batch axis, which fixes its size in a trace (keras 3.15). The unrolled layers
    compute the same.

    Args:
        model: its layers are changed, and restored at the end.
        signature: where an input has a free axis besides the batch nothing is unrolled; the number of steps is unknown.
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
