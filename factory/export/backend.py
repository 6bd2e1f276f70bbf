"""CHILD: The interface of export backends: what a Keras backend can export, ``factory/export/backends/<backend>.py``.

Every one has a predictor, and offers some of
    write_saved_model(model, signature, folder)
    write_onnx(model, signature, path, *, opset) -> str    returns the name of the exporter it used
    module(model, signature) -> torch.nn.Module            takes keyword tensors, returns a dictionary
    example(signature) -> {input: torch.Tensor}            example inputs to trace that module with
    free_axes(signature) -> {input: {axis: dimension}}     the dynamic axes of those inputs
A model is always called with ``training=False``: Keras' augmentation layers default to training.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, Protocol, cast

import keras

from factory.core.errors import ExportError
from factory.core.predict import Predict
from factory.core.signature import Signature


class Backend(Protocol):
    """The module of an export backend; its optional functions are listed in this module's docstring."""

    def predictor(self, model: keras.Model, signature: Signature) -> Predict:
        """Return a function that runs the loaded Keras model in inference mode."""


def current_backend() -> Backend:
    """Return the export backend of this process's Keras backend."""
    return cast(Backend, importlib.import_module(f"factory.export.backends.{keras.config.backend()}"))


def backend_function(ability: str) -> Callable[..., Any]:
    """Return one optional function of the current export backend.

    Args:
        ability: name of the function, such as ``write_onnx``.

    Raises:
        ExportError: this backend has no such function.
    """
    function: Callable[..., Any] | None = getattr(current_backend(), ability, None)
    if function is None:
        raise ExportError(f"the {keras.config.backend()} export backend offers no {ability}")
    return function
