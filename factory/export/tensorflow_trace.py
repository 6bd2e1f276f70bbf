"""CHILD: the model as a function that TensorFlow has traced, with named tensors."""

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
    """A model as TensorFlow serves it.

    Args:
        function: a ``tf.function`` with one keyword for each input, returning {output name: tensor}.
        concrete: its only trace, good for every batch size.
    """

    function: Any
    concrete: Any


def serving_function(model: keras.Model, signature: Signature) -> Traced:
    """Trace the model in inference mode, once for all that ask: predictor, SavedModel, LiteRT and ONNX of one job.

    Args:
        model: dictionary in, dictionary out.
        signature: names the tensors.
    """
    return _trace(model, signature, tuple(layer.unroll for layer in recurrent(model)))


@functools.lru_cache(maxsize=2)
def _trace(model: keras.Model, signature: Signature, unrolled: tuple[bool, ...]) -> Traced:
    def serve(**inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        outputs = model(inputs, training=False)
        return {tensor.name: tf.identity(outputs[tensor.name], name=tensor.name) for tensor in signature.outputs}

    function = tf.function(serve, autograph=False)
    specs = {tensor.name: spec(tensor) for tensor in signature.inputs}
    return Traced(function, function.get_concrete_function(**specs))


def holds_tables(traced: Any) -> bool:
    """Whether a concrete function refers to resources that are no variables."""
    resources = [tensor for tensor in traced.captured_inputs if tensor.dtype == tf.resource]
    return len(resources) > len(traced.variables)


def spec(tensor: Tensor) -> tf.TensorSpec:
    """A declared tensor in TensorFlow's words, batch axis free."""
    return tf.TensorSpec((None, *tensor.shape), tensor.dtype, tensor.name)
