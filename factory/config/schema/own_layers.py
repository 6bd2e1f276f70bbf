"""The project's own layers, one class in each file of ``factory/models/layers``, read without importing them."""

from __future__ import annotations

import ast
import functools
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "models" / "layers"


@functools.cache
def own_layers() -> dict[str, ast.FunctionDef | None]:
    """Name of each class → its ``__init__``: ``position_embedding.py`` holds ``PositionEmbedding``."""
    found: dict[str, ast.FunctionDef | None] = {}
    for path in sorted(FOLDER.glob("[!_]*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for part in tree.body:
            if isinstance(part, ast.ClassDef) and part.name.lower() == path.stem.replace("_", ""):
                found[part.name] = _constructor(part)
    return found


def _constructor(declared: ast.ClassDef) -> ast.FunctionDef | None:
    return next((part for part in declared.body if isinstance(part, ast.FunctionDef) and part.name == "__init__"), None)
