"""CHILD: what one Keras backend can export: ``factory/export/backends/<backend>.py``, one file a backend.

Every one has a predictor, and offers some of
    write_saved_model(model, signature, folder)
    write_onnx(model, signature, path, *, opset) -> str    returns the name of the exporter it used
    module(model, signature) -> torch.nn.Module            keyword tensors in, a dictionary out
    example(signature) -> {input: torch.Tensor}            rows to trace that module with
    free_axes(signature) -> {input: {axis: dimension}}     the axes that a trace of it must leave free
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
    """The module of a backend."""

    def predictor(self, model: keras.Model, signature: Signature) -> Predict:
        """The loaded model itself, in inference mode."""


def current_backend() -> Backend:
    """The exports of this process's Keras backend."""
    return cast(Backend, importlib.import_module(f"factory.export.backends.{keras.config.backend()}"))


def backend_function(ability: str) -> Callable[..., Any]:
    """One ability of the current backend.

    Args:
        ability: such as ``write_onnx``.

    Raises:
        ExportError: this backend has no such ability.
    """
    found: Callable[..., Any] | None = getattr(current_backend(), ability, None)
    if found is None:
        raise ExportError(f"the {keras.config.backend()} route offers no {ability}")
    return found
