"""CHILD: Completion and opening of an ONNX file, the same for all export backends.

Each file has the declared names in the declared order, the declared dtypes and a free batch axis called ``batch``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime

from factory.core.errors import ExportError
from factory.core.process import cores
from factory.core.signature import Signature, Tensor


def finish_onnx_file(proto: onnx.ModelProto, signature: Signature, path: Path) -> None:
    """Put inputs and outputs in the declared order, name the free axes, check the file and write it.

    Args:
        proto: the model; its inputs and outputs already have the declared names.
        signature: names, order, dtypes and shapes that the file must have.
        path: of the file to write.

    Raises:
        ExportError: a name is missing, or a dtype or a shape is not the declared one.
    """
    _declare(proto.graph.input, signature.inputs, "input")
    _declare(proto.graph.output, signature.outputs, "output")
    onnx.checker.check_model(proto)
    onnx.save_model(proto, path)


def open_session(model: Path | bytes) -> onnxruntime.InferenceSession:
    """Open an ONNX file, or its contents, in ONNX Runtime, on the CPU cores that this process may use."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.inter_op_num_threads = 1
    options.intra_op_num_threads = cores()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    source = str(model) if isinstance(model, Path) else model
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def _declare(values: Any, tensors: tuple[Tensor, ...], what: str) -> None:
    """Bring the inputs or outputs of a graph into the declared order and name their free axes."""
    named = {value.name: value for value in values}
    if set(named) != {tensor.name for tensor in tensors}:
        raise ExportError(f"the {what}s are named {sorted(named)}; declared are {[tensor.name for tensor in tensors]}")
    ordered = [onnx.ValueInfoProto.FromString(named[tensor.name].SerializeToString()) for tensor in tensors]
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
    """Refuse an input or output whose dtype or shape is not the declared one."""
    dtype = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)).name
    shape = [dim.dim_value if dim.HasField("dim_value") else None for dim in value.type.tensor_type.shape.dim]
    wanted = [None, *tensor.shape]
    fits = len(shape) == len(wanted) and all(a is None or a == b for a, b in zip(shape, wanted, strict=True))
    if dtype != tensor.dtype or not fits:
        raise ExportError(f"{what} {tensor.name} is {dtype} {shape}; declared is {tensor.dtype} {wanted}")
