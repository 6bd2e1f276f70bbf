"""The project's own layers, one file each: ``factory/layers/position_embedding.py`` holds ``PositionEmbedding``.

A declaration names them like Keras' own. Importing this package registers all of them, so that a saved model which
uses one can be loaded.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from typing import Any


def module_name(name: str) -> str:
    """The file of a layer.

    >>> module_name("PositionEmbedding")
    'position_embedding'
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


MODULES = {found.name: importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)}


def find(name: str) -> Any:
    """The class of this name, None where there is no such file."""
    return getattr(MODULES.get(module_name(name)), name, None)
