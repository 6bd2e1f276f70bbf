"""CHILD: Export backend of JAX: no exports yet, only a predictor of the Keras model to compare with.

jax2tf's plain graphs do not pass tf2onnx (jax 0.10, tf2onnx 1.17: none of 13 kinds of model), and jax2onnx, Keras' own
way, brings flax, orbax and huggingface-hub along.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from factory.core.predict import Arrays, Predict
from factory.core.signature import Signature


def predictor(model: keras.Model, signature: Signature) -> Predict:
    """Return a function that runs the Keras model op by op; compiling for each batch size would take longer."""

    def predict(inputs: Arrays) -> dict[str, np.ndarray[Any, Any]]:
        rows = {tensor.name: keras.ops.convert_to_tensor(inputs[tensor.name]) for tensor in signature.inputs}
        outputs = model(rows, training=False)
        return {tensor.name: keras.ops.convert_to_numpy(outputs[tensor.name]) for tensor in signature.outputs}

    return predict
