"""CHILD: Export backend of TensorFlow: a SavedModel of a traced function, and ONNX by tf2onnx."""

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
    """Return a function that runs the Keras model by the traced function that is exported."""
    run = serving_function(model, signature).concrete

    def predict(inputs: Arrays) -> dict[str, np.ndarray[Any, Any]]:
        outputs = run(**{tensor.name: tf.constant(inputs[tensor.name]) for tensor in signature.inputs})
        return {tensor.name: outputs[tensor.name].numpy() for tensor in signature.outputs}

    return predict


def write_saved_model(model: keras.Model, signature: Signature, folder: Path) -> None:
    """Write the traced model as a SavedModel with one endpoint, ``serve``, and its alias ``serving_default``."""
    traced = serving_function(model, signature)
    archive = keras.export.ExportArchive()
    if holds_tables(traced.concrete):
        archive.track(model)  # needed for lookup tables alone; takes twice as long as the rest
    archive.add_endpoint("serve", traced.function)
    archive.write_out(str(folder), verbose=False)


def write_onnx(model: keras.Model, signature: Signature, path: Path, *, opset: int) -> str:
    """Write the model as an ONNX file by tf2onnx, see `tensorflow_onnx.write_onnx`."""
    from factory.export import tensorflow_onnx  # only this function needs the packages of ONNX

    return tensorflow_onnx.write_onnx(model, signature, path, opset=opset)
