"""CHILD: Export backend of PyTorch: a module that can be traced, and ONNX by torch's two exporters."""

from __future__ import annotations

from pathlib import Path

import keras

from factory.core.signature import Signature
from factory.export.torch_trace import example, free_axes, module, predictor

__all__ = ["example", "free_axes", "module", "predictor", "write_onnx"]


def write_onnx(model: keras.Model, signature: Signature, path: Path, *, opset: int) -> str:
    """Write the model as an ONNX file by torch, see `torch_onnx.write_onnx`."""
    from factory.export import torch_onnx  # only this function needs the packages of ONNX

    return torch_onnx.write_onnx(model, signature, path, opset=opset)
