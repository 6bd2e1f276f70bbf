"""CHILD: the model as a torch module with named tensors, and rows to trace it with."""

from __future__ import annotations

import inspect
from typing import Any

import keras
import numpy as np
import torch

from factory.core.predict import Arrays, Predict
from factory.core.signature import Signature, Tensor

TRACED = 2
"""Batch size of the rows that tracers see; torch takes an axis of size 1 for a constant."""


class Serving(torch.nn.Module):
    """The model in inference mode: keyword tensors in, a dictionary in the declared order out.

    Args:
        model: dictionary in, dictionary out.
        signature: names the tensors.
    """

    def __init__(self, model: keras.Model, signature: Signature) -> None:
        super().__init__()
        self.model = model
        names = [tensor.name for tensor in signature.outputs]

        def forward(**inputs: torch.Tensor) -> dict[str, torch.Tensor]:
            outputs = model(inputs, training=False)
            return {name: outputs[name] for name in names}

        # torch.export reads the parameters' names off forward, and finds no free axes behind a bare **inputs.
        keyword = inspect.Parameter.POSITIONAL_OR_KEYWORD
        forward.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [inspect.Parameter(tensor.name, keyword) for tensor in signature.inputs]
        )
        self.forward = forward


def module(model: keras.Model, signature: Signature) -> Serving:
    """The model as a torch module: keyword tensors in, a dictionary in the declared order out."""
    serving = Serving(model, signature)
    serving.eval()
    return serving


def predictor(model: keras.Model, signature: Signature) -> Predict:
    """The loaded model itself."""
    serving = module(model, signature)

    def predict(inputs: Arrays) -> dict[str, np.ndarray[Any, Any]]:
        rows = {tensor.name: keras.ops.convert_to_tensor(inputs[tensor.name]) for tensor in signature.inputs}
        with torch.inference_mode():
            return {name: keras.ops.convert_to_numpy(rows) for name, rows in serving(**rows).items()}

    return predict


def sample(signature: Signature, rows: int, *, steps: int = 16) -> dict[str, torch.Tensor]:
    """Rows of any number: noise, or small whole numbers; ``steps`` is the length of each free axis."""
    random = torch.Generator().manual_seed(rows)

    def one(tensor: Tensor) -> torch.Tensor:
        shape = (rows, *(steps if size is None else size for size in tensor.shape))
        dtype = getattr(torch, tensor.dtype)
        if dtype.is_floating_point:
            return torch.randn(shape, generator=random).to(dtype)
        return torch.randint(0, 2, shape, generator=random).to(dtype)

    return {tensor.name: one(tensor) for tensor in signature.inputs}


def example(signature: Signature) -> dict[str, torch.Tensor]:
    """The rows that tracers see."""
    return sample(signature, TRACED)


def free_axes(signature: Signature) -> dict[str, dict[int, Any]]:
    """For each input, its free axes: all share the batch, torch finds out about the others."""
    batch, other = torch.export.Dim("batch"), torch.export.Dim.DYNAMIC
    return {
        tensor.name: {0: batch} | {axis: other for axis, size in enumerate(tensor.shape, 1) if size is None}
        for tensor in signature.inputs
    }
