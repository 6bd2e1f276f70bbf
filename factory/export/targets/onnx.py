"""CHILD: Target ``onnx``: an ONNX file, run by ONNX Runtime."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import onnxruntime

from factory.core.predict import Arrays, Predict
from factory.core.signature import Signature
from factory.export import onnx_file
from factory.export.backend import backend_function
from factory.export.encoders.onnx import encoded, with_preprocessing
from factory.export.encoders.onnx_graph import declared
from factory.export.failure import failing
from factory.export.target import RawArtifact
from factory.preprocessing.spec import Preprocessing

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
    return predictor(session, {tensor.name: tensor.name for tensor in signature.outputs})


def carry(folder: Path, signature: Signature, preprocessing: Preprocessing) -> None:
    """Put the preprocessing before the model and the labels behind it, in the same file.

    Args:
        folder: holds ``model.onnx`` as it was exported.
        signature: of the model.
        preprocessing: becomes part of the graph.

    Raises:
        ExportError: ONNX refuses the file.
    """
    with failing("no ONNX file was written that takes raw columns"):
        onnx.save_model(with_preprocessing(onnx.load_model(folder / FILE), signature, preprocessing), folder / FILE)


def load_raw(folder: Path, signature: Signature, preprocessing: Preprocessing) -> RawArtifact:
    """Open the file in ONNX Runtime, and once more with the encoded tensors among its outputs."""
    with failing("ONNX Runtime does not load the file"):
        session = onnx_file.open_session(folder / FILE)
        model = onnx.load_model(folder / FILE)
        tensors = {encoded(tensor.name): tensor for tensor in preprocessing.tensors}
        model.graph.output.extend(declared(name, tensor.dtype, *tensor.shape) for name, tensor in tensors.items())
        encoder = onnx_file.open_session(model.SerializeToString())
    return RawArtifact(
        predictor(session, {output.name: output.name for output in session.get_outputs()}),
        predictor(encoder, {name: tensor.name for name, tensor in tensors.items()}),
    )


def predictor(session: onnxruntime.InferenceSession, outputs: Mapping[str, str]) -> Predict:
    """Return a function that runs a session; ``outputs`` are their names in the file → names to give them."""
    inputs = [value.name for value in session.get_inputs()]

    def predict(rows: Arrays) -> dict[str, np.ndarray[Any, Any]]:
        with failing("ONNX Runtime does not run the file"):
            found = session.run([*outputs], {name: np.ascontiguousarray(rows[name]) for name in inputs})
            return dict(zip(outputs.values(), found, strict=True))

    return predict
