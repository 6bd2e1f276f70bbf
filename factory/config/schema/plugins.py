"""PARENT: A plug-in's signature as the schema of its YAML node; the plug-in is never imported."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable
from typing import Any

from factory.config.plugins import Plugin, Root, plugins_of, roots, syntax
from factory.config.schema.declarations import type_words
from factory.config.schema.graph_node import node
from factory.config.schema.signatures import keyword_fields
from factory.config.schema.strict import Strict, strict_model
from factory.core.errors import ConfigError

FUNCTIONS = {"models/kinds": "build", "data/sources": "read", "export/targets": "export", "trackers": "connect"}
"""Kind of plug-in → the function whose keyword-only parameters are the options."""

EFFECTS = ("signature", "contract")
"""What a plug-in may declare that a change of an option means for clients."""


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


def options_of_type(kind: str, name: str, written: str) -> tuple[str, ...]:
    """Return the options of one plug-in with this annotation, such as ``dict[str, Layer]``; ``| None`` may follow."""
    function = _function(plugins_of(kind)[name], FUNCTIONS[kind])
    found = ((option.arg, ast.unparse(option.annotation or option)) for option in function.args.kwonlyargs)
    return tuple(option for option, annotation in found if annotation.removesuffix(" | None") == written)


def effects(kind: str) -> dict[str, set[str]]:
    """Return effect → options of the plug-ins of a kind that declare it; see factory/config/declaration.py.

    Raises:
        ConfigError: a plug-in declares something else.
    """
    return _effects(kind, roots())


@functools.cache
def _effects(kind: str, among: tuple[Root, ...]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {effect: set() for effect in EFFECTS}
    for plugin in plugins_of(kind).values():
        for part in syntax(plugin.path).body:
            if isinstance(part, ast.Assign) and [ast.unparse(target) for target in part.targets] == ["EFFECTS"]:
                for option, effect in _declared_effects(part.value, plugin):
                    found[effect].add(option)
    return found


def _declared_effects(written: ast.expr, plugin: Plugin) -> Iterable[tuple[str, str]]:
    """Return option and effect of each declaration of one plug-in."""
    try:
        declared = dict(ast.literal_eval(written))
    except (TypeError, ValueError):
        declared = {"": None}
    if any(effect not in EFFECTS for effect in declared.values()):
        raise ConfigError(f"{plugin.path}: EFFECTS: got {ast.unparse(written)}; takes option → {' or '.join(EFFECTS)}")
    return declared.items()


def file_options(kind: str, name: str) -> tuple[str, ...]:
    """Return the options of one plug-in that name a file or folder: those annotated ``FilePath``."""
    function = _function(plugins_of(kind)[name], FUNCTIONS[kind])
    options = function.args.kwonlyargs
    return tuple(option.arg for option in options if "FilePath" in ast.unparse(option.annotation or option))


def options(kind: str, name: str) -> type[Strict]:
    """Return the model of one plug-in's options."""
    return strict_model(f"{kind.rpartition('/')[2]}_{name}", fields(kind, name))
