"""CHILD: Target ``onnx``: an ONNX file, run by ONNX Runtime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np

from factory.core.predict import Arrays, Predict
from factory.core.signature import Signature
from factory.export import onnx_file
from factory.export.backend import backend_function
from factory.export.failure import failing

FILE = "model.onnx"


def export(model: keras.Model, signature: Signature, folder: Path, *, opset: int = 18) -> dict[str, Any]:
    """Write the model as an ONNX file by the current export backend.

    Args:
        model: maps a dictionary of inputs to a dictionary of outputs.
        signature: names, order and dtypes of the file's inputs and outputs.
        folder: exists; gets ``model.onnx``.
        opset: version of ONNX' default operator set.

    Returns:
        ``exporter``: the exporter that wrote the file.

    Raises:
        ExportError: no exporter of this backend could write it.
    """
    write = backend_function("write_onnx")
    with failing("no ONNX file was written"):
        return {"exporter": write(model, signature, folder / FILE, opset=opset)}


def load(folder: Path, signature: Signature) -> Predict:
    """Open the file in ONNX Runtime."""
    with failing("ONNX Runtime does not load the file"):
        session = onnx_file.open_session(folder / FILE)
    names = [tensor.name for tensor in signature.outputs]

    def predict(inputs: Arrays) -> dict[str, np.ndarray[Any, Any]]:
        with failing("ONNX Runtime does not run the file"):
            rows = {tensor.name: np.ascontiguousarray(inputs[tensor.name]) for tensor in signature.inputs}
            return dict(zip(names, session.run(names, rows), strict=True))

    return predict
