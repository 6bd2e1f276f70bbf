"""CHILD: Target ``saved_model``: a TensorFlow SavedModel, as TensorFlow Serving reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from factory.core.predict import Arrays, Predict
from factory.core.signature import Signature
from factory.export.backend import backend_function
from factory.export.failure import failing


def export(model: keras.Model, signature: Signature, folder: Path) -> None:
    """Write the model as a SavedModel with one endpoint, ``serve``, and its signature ``serving_default``.

    Args:
        model: maps a dictionary of inputs to a dictionary of outputs.
        signature: names the tensors; their order does not matter, since a SavedModel is called by name.
        folder: exists; becomes the SavedModel, ``saved_model.pb`` at its top.

    Raises:
        ExportError: TensorFlow could not write it.
    """
    write = backend_function("write_saved_model")
    with failing("no SavedModel was written"):
        write(model, signature, folder)


def load(folder: Path, signature: Signature) -> Predict:
    """Load the SavedModel with TensorFlow alone.

    The returned function keeps a reference to the loaded object, with which its variables would be deleted.
    """
    with failing("TensorFlow does not load the SavedModel"):
        loaded = tf.saved_model.load(str(folder))
        serve = loaded.signatures["serving_default"]

    def predict(inputs: Arrays, _held: Any = loaded) -> dict[str, np.ndarray[Any, Any]]:
        with failing("TensorFlow does not run the SavedModel"):
            outputs = serve(**{tensor.name: tf.constant(inputs[tensor.name]) for tensor in signature.inputs})
            return {tensor.name: outputs[tensor.name].numpy() for tensor in signature.outputs}

    return predict
