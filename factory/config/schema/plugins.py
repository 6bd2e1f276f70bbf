"""PARENT: A plug-in's signature as the schema of its YAML node; the plug-in is never imported."""

from __future__ import annotations

import ast
import functools
from typing import Any

from factory.config.plugins import Plugin, Root, plugins_of, roots, syntax
from factory.config.schema.declarations import type_words
from factory.config.schema.graph_node import node
from factory.config.schema.signatures import keyword_fields
from factory.config.schema.strict import Strict, strict_model
from factory.core.errors import ConfigError

FUNCTIONS = {"models/kinds": "build", "data/sources": "read", "export/targets": "export", "trackers": "connect"}
"""Kind of plug-in → the function whose keyword-only parameters are the options."""


def offered(kind: str) -> tuple[str, ...]:
    """Return the names of the plug-ins of a kind, which a node may say."""
    return tuple(plugins_of(kind))


def fields(kind: str, name: str) -> dict[str, tuple[Any, Any]]:
    """Map each option of one plug-in to its annotation and default, ``...`` where it must be given."""
    return _fields(plugins_of(kind)[name], FUNCTIONS[kind], roots())


@functools.cache
def _fields(plugin: Plugin, function: str, among: tuple[Root, ...]) -> dict[str, tuple[Any, Any]]:
    return keyword_fields(_function(plugin, function), {**type_words(), "Node": node()}, str(plugin.path))


def _function(plugin: Plugin, function: str) -> ast.FunctionDef:
    """Return the syntax tree of a plug-in's contract function."""
    for part in syntax(plugin.path).body:
        if isinstance(part, ast.FunctionDef) and part.name == function:
            return part
    raise ConfigError(f"{plugin.path}: has no function {function}")


def file_options(kind: str, name: str) -> tuple[str, ...]:
    """Return the options of one plug-in that name a file or folder: those annotated ``FilePath``."""
    function = _function(plugins_of(kind)[name], FUNCTIONS[kind])
    options = function.args.kwonlyargs
    return tuple(option.arg for option in options if "FilePath" in ast.unparse(option.annotation or option))


def options(kind: str, name: str) -> type[Strict]:
    """Return the model of one plug-in's options."""
    return strict_model(f"{kind.rpartition('/')[2]}_{name}", fields(kind, name))
