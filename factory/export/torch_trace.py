"""CHILD: A Keras model as a torch module with named tensors, and example inputs to trace it with."""

from __future__ import annotations

import inspect
from typing import Any

import keras
import numpy as np
import torch

from factory.core.predict import Arrays, Predict
from factory.core.signature import Signature, Tensor

TRACED = 2
"""Batch size of the example inputs; a trace takes an axis of size 1 for a constant."""


class Serving(torch.nn.Module):
    """A torch module that runs the model in inference mode, with keyword tensors, and returns a dictionary in order.

    Args:
        model: maps a dictionary of inputs to a dictionary of outputs.
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
    """Return the model as a torch module that takes keyword tensors and returns a dictionary in the declared order."""
    serving = Serving(model, signature)
    serving.eval()
    return serving


def predictor(model: keras.Model, signature: Signature) -> Predict:
    """Return a function that runs the Keras model in inference mode."""
    serving = module(model, signature)

    def predict(inputs: Arrays) -> dict[str, np.ndarray[Any, Any]]:
        rows = {tensor.name: keras.ops.convert_to_tensor(inputs[tensor.name]) for tensor in signature.inputs}
        with torch.inference_mode():
            return {name: keras.ops.convert_to_numpy(output) for name, output in serving(**rows).items()}

    return predict


def sample(signature: Signature, rows: int, *, steps: int = 16) -> dict[str, torch.Tensor]:
    """Return random inputs by name: normal values, or the whole numbers 0 and 1.

    Args:
        signature: names, dtypes and shapes of the inputs.
        rows: batch size; also the seed.
        steps: length of each free axis.
    """
    random = torch.Generator().manual_seed(rows)

    def draw(tensor: Tensor) -> torch.Tensor:
        shape = (rows, *(steps if size is None else size for size in tensor.shape))
        dtype = getattr(torch, tensor.dtype)
        if dtype.is_floating_point:
            return torch.randn(shape, generator=random).to(dtype)
        return torch.randint(0, 2, shape, generator=random).to(dtype)

    return {tensor.name: draw(tensor) for tensor in signature.inputs}


def example(signature: Signature) -> dict[str, torch.Tensor]:
    """Return example inputs to trace a module with, by name."""
    return sample(signature, TRACED)


def free_axes(signature: Signature) -> dict[str, dict[int, Any]]:
    """Return the dynamic axes of each input: all share the batch, and torch infers the relation of the others."""
    batch, other = torch.export.Dim("batch"), torch.export.Dim.DYNAMIC
    return {
        tensor.name: {0: batch} | {axis: other for axis, size in enumerate(tensor.shape, 1) if size is None}
        for tensor in signature.inputs
    }
