"""CHILD: Target ``openvino``: OpenVINO IR, made from an ONNX file, with properties that make it compute in float32.

The IR cannot hold its precision: by default, OpenVINO computes in bfloat16 where the CPU can, with errors of 1e-2. Of
what can be written into the IR (measured with 2026.4), a precision among the ``runtime_options`` is ignored, and the
``precise`` mark of a layer is lost where layers are fused. So the precision is a file beside the IR, which the gate
reads as the server does.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np

from factory.core.predict import Arrays, Predict
from factory.core.signature import Signature
from factory.export.backend import backend_function
from factory.export.failure import failing
from factory.export.unroll import unrolled

# `import openvino` alone starts a process that sends usage data to its makers (2026.4); where openvino_telemetry
# cannot be imported, it falls back to a stub of its own.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
import openvino  # noqa: E402

FILE = "model.xml"
CONFIG = "plugin_config.json"
"""Properties to compile with, in the form of ``ovms --plugin_config``."""
PRECISION = {"INFERENCE_PRECISION_HINT": "f32"}


def export(model: keras.Model, signature: Signature, folder: Path, *, opset: int = 18) -> dict[str, Any]:
    """Write the model as OpenVINO IR with float32 weights, and the properties to compile it with.

    Args:
        model: maps a dictionary of inputs to a dictionary of outputs.
        signature: names and order of the inputs and outputs.
        folder: exists; gets ``model.xml``, ``model.bin`` and ``plugin_config.json``.
        opset: version of ONNX' default operator set in the intermediate file.

    Returns:
        ``exporter``: the exporter that wrote the ONNX file.

    Raises:
        ExportError: no exporter of this backend could write ONNX, or OpenVINO cannot read what it wrote.
    """
    write = backend_function("write_onnx")
    with tempfile.TemporaryDirectory() as scratch, failing("no OpenVINO IR was written"):
        source = Path(scratch) / "model.onnx"
        with unrolled(model, signature):  # OpenVINO does not read the loops that tf2onnx writes
            exporter = write(model, signature, source, opset=opset)
        openvino.save_model(openvino.Core().read_model(source), folder / FILE, compress_to_fp16=False)
    (folder / CONFIG).write_text(json.dumps(PRECISION) + "\n")
    return {"exporter": exporter}


def load(folder: Path, signature: Signature) -> Predict:
    """Compile the IR for the CPU as a server does, with the properties in the file beside it."""
    with failing("OpenVINO does not load the IR"):
        properties = json.loads((folder / CONFIG).read_text())
        compiled = openvino.Core().compile_model(folder / FILE, "CPU", properties)
        ports = {tensor.name: compiled.output(tensor.name) for tensor in signature.outputs}

    def predict(inputs: Arrays) -> dict[str, np.ndarray[Any, Any]]:
        with failing("OpenVINO does not run the IR"):
            rows = {tensor.name: np.ascontiguousarray(inputs[tensor.name]) for tensor in signature.inputs}
            outputs = compiled(rows)
            return {name: np.array(outputs[port]) for name, port in ports.items()}

    return predict
