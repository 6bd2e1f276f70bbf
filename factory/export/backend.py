"""What one Keras backend gives the targets: ``factory/export/backends/<backend>.py``, one file a backend.

A route offers some of
    predictor(model, signature) -> Predict                 the loaded model itself, in inference mode; every route
    write_saved_model(model, signature, folder)
    module(model, signature) -> torch.nn.Module            keyword tensors in, a dictionary out
    write_onnx(model, signature, path, *, opset) -> str    returns the name of the exporter it used
and always calls the model with ``training=False``: Keras' augmentation layers default to training.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

import keras

from factory.core.errors import ExportError


def current_backend() -> ModuleType:
    """The route of this process's Keras backend."""
    return importlib.import_module(f"factory.export.backends.{keras.config.backend()}")


def backend_function(ability: str) -> Callable[..., Any]:
    """One ability of the current route.

    Args:
        ability: such as ``write_onnx``.

    Raises:
        ExportError: this backend has no such ability.
    """
    found: Callable[..., Any] | None = getattr(current_backend(), ability, None)
    if found is None:
        raise ExportError(f"the {keras.config.backend()} route offers no {ability}")
    return found
