"""PARENT: A function's keyword-only parameters as fields of a model, read with ``ast``: nothing is imported."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from factory.config.schema import values as kinds
from factory.core.errors import ConfigError

Words = Mapping[str, Any]
"""Word of an annotation → pydantic type."""

PLAIN: Words = {
    "int": kinds.Int,
    "float": kinds.Float,
    "bool": kinds.Bool,
    "str": kinds.Str,
    "Any": kinds.Any_,
    "FilePath": kinds.Str,
    "Size": kinds.integer(1),
    "Rate": kinds.number("a number of at least 0 and below 1", lambda value: 0 <= value < 1),
    "dict": kinds.Table,
    "list": kinds.nested("a list", frozenset({"none", "bool", "int", "float", "str", "dict"})),
}


def keyword_fields(function: ast.FunctionDef, words: Words, where: str) -> dict[str, tuple[Any, Any]]:
    """Map each keyword-only parameter to its annotation and default, ``...`` where it must be given.

    Args:
        function: the syntax tree of the function.
        words: types that its annotations may name, beside those of Python.
        where: the path of its file, for the error.

    Raises:
        ConfigError: an annotation or a default is outside the language of factory/config/declaration.py.
    """
    fields = {}
    for parameter, default in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True):
        here = f"{where}, {function.name}(…, {parameter.arg})"
        written = annotation(parameter.annotation, {**PLAIN, **words}, here)
        fields[parameter.arg] = (written, ... if default is None else _literal(default, here))
    return fields


def _literal(default: ast.expr, where: str) -> Any:
    """Return the value of a default."""
    try:
        return ast.literal_eval(default)
    except ValueError as error:
        raise ConfigError(f"{where}: the default must be a literal") from error


def annotation(written: ast.expr | None, words: Words, where: str) -> Any:
    """Return an annotation as a pydantic type."""
    match written:
        case ast.Name(id=name) if name in words:
            return words[name]
        case ast.Constant(value=None):
            return kinds.Null
        case ast.BinOp(op=ast.BitOr()):
            return kinds.union(*(annotation(part, words, where) for part in _alternatives(written)))
        case ast.Subscript(value=ast.Name(id="Literal"), slice=ast.Tuple(elts=choices)):
            return kinds.choice(*(ast.literal_eval(choice) for choice in choices))
        case ast.Subscript(value=ast.Name(id="Literal"), slice=choice):
            return kinds.choice(ast.literal_eval(choice))
        case ast.Subscript(value=ast.Name(id="list" | "Sequence"), slice=item):
            return kinds.list_of(annotation(item, words, where))
        case ast.Subscript(value=ast.Name(id="dict" | "Mapping"), slice=ast.Tuple(elts=[_, item])):
            return kinds.dict_of(annotation(item, words, where))
    written_as = "nothing" if written is None else ast.unparse(written)
    raise ConfigError(f"{where}: annotated {written_as}; takes the types of factory/config/declaration.py")


def _alternatives(written: ast.expr) -> list[ast.expr]:
    """Split ``a | b | c`` into ``[a, b, c]``."""
    if isinstance(written, ast.BinOp):
        return [*_alternatives(written.left), *_alternatives(written.right)]
    return [written]
