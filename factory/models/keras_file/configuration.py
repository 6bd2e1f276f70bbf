"""CHILD: Screening of ``config.json`` of a ``.keras`` file: all objects in it must be ones that Keras may create."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from factory.core.messages import shown
from factory.models.keras_file import naming

FILES = {"vocabulary", "idf_weights"}
"""Arguments of Keras' layers that can be the path of a file instead of values; Keras itself never saves a path."""


def problems(text: bytes) -> Iterator[str]:
    """Yield every name and value that must not reach Keras, with its position in the JSON, each in one line.

    Args:
        text: of config.json. The part ``compile_config`` is skipped, since it is not loaded.
    """
    try:
        read = json.loads(text)
    except (ValueError, RecursionError) as error:
        yield f"got a config.json that cannot be read ({type(error).__name__}); takes JSON as Keras writes it"
        return
    if not isinstance(read, dict) or "class_name" not in read:
        yield "got a config.json that describes no model; takes a file saved by Keras 3"
        return
    for key_path, value in _walk({key: part for key, part in read.items() if key != "compile_config"}):
        if isinstance(value, dict) and "class_name" in value and not naming.allowed(value):
            takes = "a class of Keras, or one of yours"
            yield f"config.json: {key_path or 'the model'}: got {shown(naming.named(value))}; takes {takes}"
        if isinstance(value, str) and key_path.rpartition(".")[2] in FILES:
            yield f"config.json: {key_path}: got {shown(value)}; takes the values themselves, no file"


def _walk(whole: Any) -> Iterator[tuple[str, Any]]:
    """Yield every value inside with its path; without recursion, which a file could exhaust."""
    pending = [("", whole)]
    while pending:
        key_path, value = pending.pop()
        yield key_path, value
        if isinstance(value, dict):
            pending += [(f"{key_path}.{key}".lstrip("."), part) for key, part in value.items()]
        elif isinstance(value, list):
            pending += [(f"{key_path}[{number}]", part) for number, part in enumerate(value)]
