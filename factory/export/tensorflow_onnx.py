"""CHILD: ONNX export from TensorFlow, by tf2onnx."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tf2onnx
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2
from tf2onnx.utils import map_onnx_to_numpy_type

from factory.core.errors import ExportError
from factory.core.signature import Signature
from factory.export.onnx_file import finish_onnx_file
from factory.export.tensorflow_trace import holds_tables, serving_function


def write_onnx(model: keras.Model, signature: Signature, path: Path, *, opset: int) -> str:
    """Write the model as an ONNX file.

    Args:
        model: maps a dictionary of inputs to a dictionary of outputs.
        signature: names, order and dtypes of the file's inputs and outputs.
        path: of the file to write.
        opset: version of ONNX' default operator set.

    Returns:
        Name and version of the exporter.

    Raises:
        ExportError: the model holds a lookup table, or the file does not match the signature.
    """
    traced = serving_function(model, signature).concrete
    if holds_tables(traced):
        raise ExportError("tf2onnx writes no lookup tables")
    frozen, inputs, outputs = _freeze(traced)
    ours = {name: name.partition(":")[0] for name in inputs}
    # A trace returns its dictionary flattened in the order of the sorted names, as tf.nest does.
    ours |= dict(zip(outputs, sorted(tensor.name for tensor in signature.outputs), strict=True))
    proto, _ = tf2onnx.convert.from_graph_def(
        frozen,
        name="factory",
        input_names=inputs,
        output_names=outputs,
        opset=opset,
        custom_op_handlers={"Erfc": (_erfc, [])},
        tensors_to_rename=ours,
    )
    finish_onnx_file(proto, signature, path)
    return f"tf2onnx {tf2onnx.__version__}"


def _freeze(traced: Any) -> tuple[Any, list[str], list[str]]:
    """Freeze a trace: turn variables and captured arrays into constants of one graph.

    Returns:
        The GraphDef, the names of its input tensors and of its output tensors.
    """
    function = convert_variables_to_constants_v2(traced, lower_control_flow=False, aggressive_inlining=True)
    # Arrays that layers keep outside variables, such as Normalization's mean, would become inputs of the file.
    arrays = {inner.op.name: outer for outer, inner in traced.graph.captures if outer.dtype != tf.resource}
    graph = function.graph.as_graph_def(add_shapes=True)
    for node in graph.node:
        if node.op == "Placeholder" and node.name in arrays:
            value = tf.make_tensor_proto(arrays[node.name].numpy())
            node.op = "Const"
            node.ClearField("attr")
            node.attr["dtype"].type = value.dtype
            node.attr["value"].tensor.CopyFrom(value)
    inputs = [tensor.name for tensor in function.inputs if tensor.op.name not in arrays]
    return graph, inputs, [tensor.name for tensor in function.outputs]


def _erfc(context: Any, node: Any, name: str, arguments: list[Any]) -> Any:
    """Write Erfc, which ONNX lacks, as 1 - Erf; TensorFlow uses it for the exact gelu."""
    (source,), (result,) = node.input, node.output
    dtype, shape = context.get_dtype(result), context.get_shape(result)
    context.remove_node(name)
    one = context.make_const(f"{name}_one", np.array(1, map_onnx_to_numpy_type(dtype)))
    erf = context.make_node("Erf", [source], dtypes=[dtype], shapes=[shape])
    operands = [one.output[0], erf.output[0]]
    return context.make_node("Sub", operands, name=name, outputs=[result], dtypes=[dtype], shapes=[shape])
