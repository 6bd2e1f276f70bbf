"""The tensorflow route: a traced function with named tensors, and ONNX through tf2onnx."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from factory.core.predict import Arrays, Predict
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


def predictor(model: keras.Model, signature: Signature) -> Predict:
    """The loaded model itself, through the function that will be exported."""
    run = serving_function(model, signature).concrete

    def predict(inputs: Arrays) -> dict[str, np.ndarray[Any, Any]]:
        outputs = run(**{tensor.name: tf.constant(inputs[tensor.name]) for tensor in signature.inputs})
        return {tensor.name: outputs[tensor.name].numpy() for tensor in signature.outputs}

    return predict


def write_saved_model(model: keras.Model, signature: Signature, folder: Path) -> None:
    """Write the traced model with one endpoint, ``serve``, also under the name ``serving_default``."""
    traced = serving_function(model, signature)
    archive = keras.export.ExportArchive()
    if holds_tables(traced.concrete):
        archive.track(model)  # walks every object of the model, twice the time of the rest: lookup tables need it
    archive.add_endpoint("serve", traced.function)
    archive.write_out(str(folder), verbose=False)


def holds_tables(traced: Any) -> bool:
    """Whether a concrete function refers to resources that are no variables."""
    resources = [tensor for tensor in traced.captured_inputs if tensor.dtype == tf.resource]
    return len(resources) > len(traced.variables)


def write_onnx(model: keras.Model, signature: Signature, path: Path, *, opset: int) -> str:
    """See `tensorflow_onnx.write`."""
    from factory.export import tensorflow_onnx  # only this ability needs ONNX' packages

    return tensorflow_onnx.write(model, signature, path, opset=opset)


def spec(tensor: Tensor) -> tf.TensorSpec:
    """A declared tensor in TensorFlow's words, batch axis free."""
    return tf.TensorSpec((None, *tensor.shape), tensor.dtype, tensor.name)
