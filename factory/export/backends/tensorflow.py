"""CHILD: what TensorFlow exports: a SavedModel of a traced function, and ONNX through tf2onnx."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from factory.core.predict import Arrays, Predict
from factory.core.signature import Signature
from factory.export.tensorflow_trace import holds_tables, serving_function


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


def write_onnx(model: keras.Model, signature: Signature, path: Path, *, opset: int) -> str:
    """See `tensorflow_onnx.write_onnx`."""
    from factory.export import tensorflow_onnx  # only this ability needs ONNX' packages

    return tensorflow_onnx.write_onnx(model, signature, path, opset=opset)
