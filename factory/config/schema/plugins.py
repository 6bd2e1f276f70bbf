"""A plug-in's function signature as the schema of its YAML node; the plug-in is never imported."""

from __future__ import annotations

import ast
import functools
from pathlib import Path
from typing import Any

from factory.config.schema.declarations import type_words
from factory.config.schema.graph_node import node
from factory.config.schema.signatures import keyword_fields
from factory.config.schema.strict import Strict, strict_model

PACKAGE = Path(__file__).parents[2]

FUNCTIONS = {
    "models/kinds": "build",
    "data/sources": "read",
    "export/targets": "export",
    "tracking/trackers": "connect",
}
"""Plug-in folder → the function whose keyword-only parameters are the options."""


@functools.cache
def offered(folder: str) -> tuple[str, ...]:
    """The plug-ins of a folder: a file that is there is registered."""
    return tuple(path.stem for path in sorted((PACKAGE / folder).glob("*.py")) if not path.stem.startswith("_"))


@functools.cache
def fields(folder: str, name: str) -> dict[str, tuple[Any, Any]]:
    """Option → (annotation, default) of one plug-in; ``...`` where an option must be given."""
    path = PACKAGE / folder / f"{name}.py"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for part in tree.body:
        if isinstance(part, ast.FunctionDef) and part.name == FUNCTIONS[folder]:
            return keyword_fields(part, {**type_words(), "Node": node()}, str(path))
    raise TypeError(f"{path}: has no function {FUNCTIONS[folder]}")


def options(folder: str, name: str) -> type[Strict]:
    """The options of one plug-in as a model of their own."""
    return strict_model(f"{folder.rpartition('/')[2]}_{name}", fields(folder, name))
