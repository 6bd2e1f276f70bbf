"""CHILD: TensorFlow SavedModel: what TensorFlow Serving reads, ``saved_model.pb`` at the top of the folder."""

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
    """Write the model with one endpoint, ``serve``, and its signature ``serving_default``.

    Args:
        model: dictionary in, dictionary out.
        signature: names the tensors; a SavedModel maps names, so that their order is the client's business.
        folder: becomes the SavedModel.

    Raises:
        ExportError: TensorFlow refused.
    """
    write = backend_function("write_saved_model")
    with failing("no SavedModel was written"):
        write(model, signature, folder)


def load(folder: Path, signature: Signature) -> Predict:
    """Load with TensorFlow alone; the returned function holds the loaded object, whose variables would go with it."""
    with failing("TensorFlow does not load the SavedModel"):
        loaded = tf.saved_model.load(str(folder))
        serve = loaded.signatures["serving_default"]

    def predict(inputs: Arrays, _held: Any = loaded) -> dict[str, np.ndarray[Any, Any]]:
        with failing("TensorFlow does not run the SavedModel"):
            outputs = serve(**{tensor.name: tf.constant(inputs[tensor.name]) for tensor in signature.inputs})
            return {tensor.name: outputs[tensor.name].numpy() for tensor in signature.outputs}

    return predict
