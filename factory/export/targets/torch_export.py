"""CHILD: Target ``torch_export``: an exported program of PyTorch, which is loaded without Keras."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
import torch

from factory.core.predict import Arrays, Predict
from factory.core.signature import Signature
from factory.export.backend import backend_function
from factory.export.failure import failing
from factory.export.unroll import unrolled

FILE = "model.pt2"


def export(model: keras.Model, signature: Signature, folder: Path) -> None:
    """Write the model as an exported program, which takes keyword tensors and returns a dictionary in declared order.

    Args:
        model: maps a dictionary of inputs to a dictionary of outputs.
        signature: names the keywords and the dictionary's keys.
        folder: exists; gets ``model.pt2``.

    Raises:
        ExportError: torch.export could not capture the model with a free batch axis.
    """
    module = backend_function("module")(model, signature)
    example, free_axes = backend_function("example"), backend_function("free_axes")
    with failing("no exported program was written"), unrolled(model, signature), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of each Keras variable that is no registered parameter
        program = torch.export.export(
            module,
            args=(),
            kwargs=example(signature),
            dynamic_shapes=free_axes(signature),
            strict=False,
        )
        torch.export.save(program, folder / FILE)


def load(folder: Path, signature: Signature) -> Predict:
    """Load the exported program with torch alone."""
    with failing("torch does not load the exported program"):
        run = torch.export.load(folder / FILE).module()

    def predict(inputs: Arrays) -> dict[str, np.ndarray[Any, Any]]:
        with failing("torch does not run the exported program"), torch.no_grad():
            outputs = run(**{tensor.name: _tensor(inputs[tensor.name]) for tensor in signature.inputs})
            return {tensor.name: outputs[tensor.name].numpy() for tensor in signature.outputs}

    return predict


def _tensor(rows: np.ndarray[Any, Any]) -> torch.Tensor:
    return torch.from_numpy(np.require(rows, requirements=["C", "W"]))  # torch warns of memory it may not write
