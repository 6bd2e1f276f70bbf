"""CHILD: ONNX export from torch, by the first of its two exporters whose file computes what the model does."""

from __future__ import annotations

import warnings
from pathlib import Path

import keras
import numpy as np
import onnx
import torch

from factory.core.errors import ExportError
from factory.core.signature import Signature
from factory.export.failure import gist
from factory.export.onnx_file import finish_onnx_file, open_session
from factory.export.torch_trace import example, free_axes, module, predictor, sample
from factory.export.unroll import unrolled

OTHERS = ((1, 12), (3, 19))
"""Batch sizes and lengths of free axes to test a file with, other than those that were traced."""


class Positional(torch.nn.Module):
    """The model as a module of positional tensors that returns a tuple, since ONNX has no keywords.

    Args:
        model: maps a dictionary of inputs to a dictionary of outputs.
        signature: names and order of the tensors.
    """

    def __init__(self, model: keras.Model, signature: Signature) -> None:
        super().__init__()
        self.serving = module(model, signature)
        self.names = [tensor.name for tensor in signature.inputs]

    def forward(self, *rows: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return tuple(self.serving(**dict(zip(self.names, rows, strict=True))).values())


def write_onnx(model: keras.Model, signature: Signature, path: Path, *, opset: int) -> str:
    """Write the model as an ONNX file.

    The TorchScript exporter takes a tenth of the other's time, but fails on layer normalization and some pooling when
    the batch axis is free; the exporter based on torch.export converts those (torch 2.13, keras 3.15).

    Args:
        model: maps a dictionary of inputs to a dictionary of outputs.
        signature: names, order and dtypes of the file's inputs and outputs.
        path: of the file to write.
        opset: version of ONNX' default operator set.

    Returns:
        Name of the exporter whose file was kept and, where it is the second, why the first one failed.

    Raises:
        ExportError: neither exporter wrote a file that computes what the model computes.
    """
    refused: list[str] = []
    for name, export in (("TorchScript", _by_script), ("torch.export", _by_export)):
        try:
            with unrolled(model, signature), warnings.catch_warnings(), torch.no_grad():
                warnings.simplefilter("ignore")  # both exporters warn of their deprecation and of each constant
                proto = export(model, signature, path, opset)
            finish_onnx_file(proto, signature, path)
            _prove(path, model, signature)
        except Exception as error:  # an exporter may raise anything; the other one is tried
            path.unlink(missing_ok=True)
            refused.append(f"{name}: {gist(error)}")
            cause = error
        else:
            return "; ".join([f"torch.onnx by {name}", *refused])
    raise ExportError(f"torch.onnx wrote no working file; {'; '.join(refused)}") from cause


def _by_script(model: keras.Model, signature: Signature, path: Path, opset: int) -> onnx.ModelProto:
    """Export by TorchScript, through the file at ``path``."""
    inputs = [tensor.name for tensor in signature.inputs]
    outputs = [tensor.name for tensor in signature.outputs]
    axes = {tensor.name: [0, *_free(tensor.shape)] for tensor in (*signature.inputs, *signature.outputs)}
    torch.onnx.export(
        Positional(model, signature),
        tuple(example(signature).values()),
        path,
        input_names=inputs,
        output_names=outputs,
        dynamic_axes=axes,
        opset_version=opset,
        dynamo=False,
    )
    return onnx.load_model(path)


def _by_export(model: keras.Model, signature: Signature, path: Path, opset: int) -> onnx.ModelProto:
    """Export by torch.export; no file is written."""
    program = torch.export.export(
        Positional(model, signature),
        tuple(example(signature).values()),
        dynamic_shapes=(tuple(free_axes(signature).values()),),
        strict=False,
    )
    exported = torch.onnx.export(
        program,
        input_names=[tensor.name for tensor in signature.inputs],
        output_names=[tensor.name for tensor in signature.outputs],
        opset_version=opset,
        dynamo=True,
        verbose=False,
    )
    if exported is None:
        raise ExportError("torch.onnx gave no program")
    exported.optimize()
    return exported.model_proto


def _free(shape: tuple[int | None, ...]) -> list[int]:
    """Return the free axes of a declared shape, counted with the batch axis as 0."""
    return [axis for axis, size in enumerate(shape, 1) if size is None]


def _prove(path: Path, model: keras.Model, signature: Signature) -> None:
    """Compare the file with the model on random rows, at batch sizes that the exporter has not seen.

    The gate compares them on the reference rows later.

    Raises:
        ExportError: a shape or a value differs.
    """
    run, predict = open_session(path), predictor(model, signature)
    for size, steps in OTHERS:
        rows = {name: tensor.numpy() for name, tensor in sample(signature, size, steps=steps).items()}
        expected = predict(rows)
        actual = dict(zip(expected, run.run(list(expected), rows), strict=True))
        for name, reference in expected.items():
            if actual[name].shape != reference.shape:
                raise ExportError(f"batch {size} gives {name} {actual[name].shape}, not {reference.shape}")
            if not np.allclose(actual[name], reference, rtol=1e-2, atol=1e-2):
                raise ExportError(f"batch {size} gives other values of {name}")
