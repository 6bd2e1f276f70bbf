"""CHILD: What every route's ONNX file must be: our names in our order, our dtypes, a free batch axis called
``batch``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime

from factory.core.errors import ExportError
from factory.core.process import cores
from factory.core.signature import Signature, Tensor


def finish(proto: onnx.ModelProto, signature: Signature, path: Path) -> None:
    """Put inputs and outputs in the declared order, name the free axes, check the file and write it.

    Args:
        proto: its inputs and outputs already carry the declared names.
        signature: what the file must say.
        path: the file.

    Raises:
        ExportError: a name is missing, or a dtype or a shape is not the declared one.
    """
    _declare(proto.graph.input, signature.inputs, "input")
    _declare(proto.graph.output, signature.outputs, "output")
    onnx.checker.check_model(proto)
    onnx.save_model(proto, path)


def session(path: Path) -> onnxruntime.InferenceSession:
    """Open the file in ONNX Runtime: quiet, on the CPU, on the cores that this process may use."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.inter_op_num_threads = 1
    options.intra_op_num_threads = cores()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _declare(values: Any, tensors: tuple[Tensor, ...], what: str) -> None:
    found = {value.name: value for value in values}
    if set(found) != {tensor.name for tensor in tensors}:
        raise ExportError(f"the {what}s are named {sorted(found)}; declared are {[tensor.name for tensor in tensors]}")
    ordered = [onnx.ValueInfoProto.FromString(found[tensor.name].SerializeToString()) for tensor in tensors]
    for value, tensor in zip(ordered, tensors, strict=True):
        _check(value, tensor, what)
        for axis, size in enumerate((None, *tensor.shape)):
            dim = value.type.tensor_type.shape.dim[axis]
            if size is None:
                dim.dim_param = f"{tensor.name}_{axis}" if axis else "batch"
            else:
                dim.dim_value = size
    del values[:]
    values.extend(ordered)


def _check(value: onnx.ValueInfoProto, tensor: Tensor, what: str) -> None:
    dtype = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)).name
    shape = [dim.dim_value if dim.HasField("dim_value") else None for dim in value.type.tensor_type.shape.dim]
    wanted = [None, *tensor.shape]
    fits = len(shape) == len(wanted) and all(a is None or a == b for a, b in zip(shape, wanted, strict=True))
    if dtype != tensor.dtype or not fits:
        raise ExportError(f"{what} {tensor.name} is {dtype} {shape}; declared is {tensor.dtype} {wanted}")
