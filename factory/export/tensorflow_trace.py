"""CHILD: Tracing of a Keras model as a TensorFlow function with named tensors."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from factory.core.signature import Signature, Tensor
from factory.export.unroll import recurrent


@dataclass(frozen=True)
class Traced:
    """A traced model.

    Args:
        function: a ``tf.function`` with one keyword for each input, which returns output name → tensor.
        concrete: its only trace, whose batch axis is free.
    """

    function: Any
    concrete: Any


def serving_function(model: keras.Model, signature: Signature) -> Traced:
    """Trace the model in inference mode; the trace is cached for predictor, SavedModel, LiteRT and ONNX.

    Args:
        model: maps a dictionary of inputs to a dictionary of outputs.
        signature: names the tensors.
    """
    return _trace(model, signature, tuple(layer.unroll for layer in recurrent(model)))


@functools.lru_cache(maxsize=2)
def _trace(model: keras.Model, signature: Signature, unrolled: tuple[bool, ...]) -> Traced:
    """Trace the model; ``unrolled`` is only part of the cache's key, since unrolling changes the trace."""

    def serve(**inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        outputs = model(inputs, training=False)
        return {tensor.name: tf.identity(outputs[tensor.name], name=tensor.name) for tensor in signature.outputs}

    function = tf.function(serve, autograph=False)
    specs = {tensor.name: spec(tensor) for tensor in signature.inputs}
    return Traced(function, function.get_concrete_function(**specs))


def holds_tables(traced: Any) -> bool:
    """Return whether a concrete function uses lookup tables, which are resources other than variables."""
    resources = [tensor for tensor in traced.captured_inputs if tensor.dtype == tf.resource]
    return len(resources) > len(traced.variables)


def spec(tensor: Tensor) -> tf.TensorSpec:
    """Return the TensorSpec of a declared tensor, its batch axis free."""
    return tf.TensorSpec((None, *tensor.shape), tensor.dtype, tensor.name)
