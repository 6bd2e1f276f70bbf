"""CHILD: what torch exports: a module that can be traced, and ONNX through torch's two exporters."""

from __future__ import annotations

from pathlib import Path

import keras

from factory.core.signature import Signature
from factory.export.torch_trace import example, free_axes, module, predictor

__all__ = ["example", "free_axes", "module", "predictor", "write_onnx"]


def write_onnx(model: keras.Model, signature: Signature, path: Path, *, opset: int) -> str:
    """See `torch_onnx.write_onnx`."""
    from factory.export import torch_onnx  # only this ability needs ONNX' packages

    return torch_onnx.write_onnx(model, signature, path, opset=opset)
