"""The project's own layers, one file each: ``factory/models/layers/position_embedding.py`` holds ``PositionEmbedding``.

A declaration names them like Keras' own. Importing this package registers all of them with Keras, so that a saved
model which uses one can be loaded; what loads models imports it.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import keras

from factory.models import layers

PACKAGE = "factory"
"""Under which Keras knows them in saved models: ``factory>PositionEmbedding``."""


def module_name(name: str) -> str:
    """The file of a layer.

    >>> module_name("PositionEmbedding")
    'position_embedding'
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _offered() -> Iterator[tuple[str, Any]]:
    """Each file's class by its name."""
    for found in pkgutil.iter_modules(layers.__path__):
        module = importlib.import_module(f"factory.models.layers.{found.name}")
        for name, declared in vars(module).items():
            if module_name(name) == found.name and isinstance(declared, type):
                yield name, keras.saving.register_keras_serializable(PACKAGE)(declared)


LAYERS: dict[str, Any] = dict(_offered())
REGISTERED = frozenset(f"{PACKAGE}>{name}" for name in LAYERS)


def find_layer(name: str) -> Any:
    """The class of this name, None where there is no such file."""
    return LAYERS.get(name)
