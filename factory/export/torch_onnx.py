"""CHILD: ONNX from torch, by whichever of torch's two exporters writes a file that computes the same."""

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
from factory.export.onnx_file import finish, session
from factory.export.torch_trace import example, free_axes, module, predictor, sample
from factory.export.unroll import unrolled

OTHERS = ((1, 12), (3, 19))
"""Batch sizes and lengths of free axes other than the traced ones, which a trace may have taken for constants."""


class Positional(torch.nn.Module):
    """The model with positional tensors in the declared order, a tuple out: ONNX knows no keywords."""

    def __init__(self, model: keras.Model, signature: Signature) -> None:
        super().__init__()
        self.serving = module(model, signature)
        self.names = [tensor.name for tensor in signature.inputs]

    def forward(self, *rows: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return tuple(self.serving(**dict(zip(self.names, rows, strict=True))).values())


def write_onnx(model: keras.Model, signature: Signature, path: Path, *, opset: int) -> str:
    """Write the model as an ONNX file.

    The TorchScript exporter takes a tenth of the other's time, but refuses layer normalization and some pooling when
    the batch axis is free; the one on torch.export takes those (torch 2.13, keras 3.15).

    Args:
        model: dictionary in, dictionary out.
        signature: names, order and dtypes of the file's inputs and outputs.
        path: the file.
        opset: version of ONNX' default operator set.

    Returns:
        The name of the exporter whose file was kept and, where it was the second, why the first one's was not.

    Raises:
        ExportError: neither exporter wrote a file that computes what the model computes.
    """
    refused: list[str] = []
    for name, export in (("TorchScript", _by_script), ("torch.export", _by_export)):
        try:
            with unrolled(model, signature), warnings.catch_warnings(), torch.no_grad():
                warnings.simplefilter("ignore")  # both exporters speak of their own retirement and of each constant
                proto = export(model, signature, path, opset)
            finish(proto, signature, path)
            _prove(path, model, signature)
        except Exception as error:
            path.unlink(missing_ok=True)
            refused.append(f"{name}: {gist(error)}")
            cause = error
        else:
            return "; ".join([f"torch.onnx by {name}", *refused])
    raise ExportError(f"torch.onnx wrote no working file; {'; '.join(refused)}") from cause


def _by_script(model: keras.Model, signature: Signature, path: Path, opset: int) -> onnx.ModelProto:
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
    return [axis for axis, size in enumerate(shape, 1) if size is None]


def _prove(path: Path, model: keras.Model, signature: Signature) -> None:
    """Run the file on noise at batch sizes that the exporter has not seen; the gate judges the real rows later."""
    run, predict = session(path), predictor(model, signature)
    for size, steps in OTHERS:
        rows = {name: tensor.numpy() for name, tensor in sample(signature, size, steps=steps).items()}
        expected = predict(rows)
        found = dict(zip(expected, run.run(list(expected), rows), strict=True))
        for name, reference in expected.items():
            if found[name].shape != reference.shape:
                raise ExportError(f"batch {size} gives {name} {found[name].shape}, not {reference.shape}")
            if not np.allclose(found[name], reference, rtol=1e-2, atol=1e-2):
                raise ExportError(f"batch {size} gives other values of {name}")
