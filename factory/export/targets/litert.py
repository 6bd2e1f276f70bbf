"""CHILD: Target ``litert``: a LiteRT (TensorFlow Lite) file for the plain interpreter, without TensorFlow ops."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from factory.core.errors import ExportError
from factory.core.predict import Arrays, Predict
from factory.core.signature import Signature
from factory.export.backend import backend_function
from factory.export.failure import failing, gist
from factory.export.unroll import unrolled

FILE = "model.tflite"
SIGNATURE = "serving_default"


def export(model: keras.Model, signature: Signature, folder: Path) -> None:
    """Write the model as a LiteRT flatbuffer with the declared signature.

    Recurrent layers are unrolled: the interpreter has no loop over a free batch axis.

    Args:
        model: maps a dictionary of inputs to a dictionary of outputs.
        signature: names the tensors of the flatbuffer's signature ``serving_default``.
        folder: exists; gets ``model.tflite``.

    Raises:
        ExportError: the converter refused, or the model needs ops that the plain interpreter lacks.
    """
    write = backend_function("write_saved_model")
    with tempfile.TemporaryDirectory() as scratch, failing("no LiteRT file was written"):
        with unrolled(model, signature):
            write(model, signature, Path(scratch))
        converter = tf.lite.TFLiteConverter.from_saved_model(scratch, signature_keys=[SIGNATURE])
        try:
            flatbuffer = converter.convert()
        except Exception as error:  # the converter may raise anything
            raise ExportError(f"no LiteRT file was written: {_needed(error)}") from error
        (folder / FILE).write_bytes(flatbuffer)


def load(folder: Path, signature: Signature) -> Predict:
    """Open the file in the plain LiteRT interpreter, which resizes the batch axis to the rows of each call."""
    with failing("LiteRT does not load the file"):
        interpreter = Interpreter(model_path=str(folder / FILE))
        run = interpreter.get_signature_runner(SIGNATURE)

    def predict(inputs: Arrays) -> dict[str, np.ndarray[Any, Any]]:
        with failing("LiteRT does not run the file"):
            outputs = run(**{tensor.name: np.ascontiguousarray(inputs[tensor.name]) for tensor in signature.inputs})
            return {tensor.name: outputs[tensor.name] for tensor in signature.outputs}

    return predict


def _needed(error: Exception) -> str:
    """Return the ops that the plain interpreter lacks, taken from the converter's message, or its first line."""
    ops = sorted(set(re.findall(r"\btf\.([A-Z]\w+)", str(error))))
    if not ops:
        return gist(error)
    return f"the plain interpreter lacks {', '.join(ops)} (Select TensorFlow ops)"
