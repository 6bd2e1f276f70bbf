"""PARENT: Parameters of a block: what a use gives or leaves to the default, and ``$name`` in the block's nodes.

    residual:
      filters: <int>     # a type: each use must give it; ??? takes any value
      stride: 1          # a default, which may hold parameters that are declared before it
      nodes: {conv: {Conv2D: {filters: $filters, kernel_size: 3, strides: $stride}}}

The types are the words that annotate the options of plug-ins. A value is judged once more by the layer that it reaches.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from factory.config.declaration import FACTS
from factory.config.schema.declarations import type_words
from factory.config.schema.signatures import PLAIN, annotation
from factory.config.schema.strict import MISSING, Strict, dotted, strict_model
from factory.config.schema.values import Kind
from factory.core import messages
from factory.core.errors import ConfigError

SIGN = "$"
"""First character of a parameter's name where its value is to stand."""

SHAPES = frozenset({"none", "bool", "int", "float", "str", "list", "dict"})
Value = Annotated[Any, Kind("a value", SHAPES)]


@dataclass(frozen=True)
class Bound:
    """The value of a parameter in one use of a block, and the config path where it was written."""

    value: Any
    path: str


Scope = Mapping[str, Bound]
"""Parameter → what it stands for in the nodes of one use."""


def is_type(default: Any) -> bool:
    """Return whether a parameter is declared by its type, ``<int>``, and so must be given."""
    return isinstance(default, str) and default[:1] == "<" and default[-1:] == ">" and default not in FACTS


def must_be_given(default: Any) -> bool:
    """Return whether a parameter has no default."""
    return default == MISSING or is_type(default)


def arguments_model(name: str, parameters: Mapping[str, Any], path: str, report: Callable[[str], None]) -> type[Strict]:
    """Return the model that checks the arguments of each use of a block.

    Args:
        name: of the block.
        parameters: name → default or type, as declared.
        path: of the block in the config.
        report: takes the line of a type that is none.
    """
    fields = {}
    for parameter, default in parameters.items():
        type_ = _type(default[1:-1], f"{path}.{parameter}", report) if is_type(default) else Value
        fields[parameter] = (type_, ... if must_be_given(default) else default)
    return strict_model(name, fields)


def _type(text: str, path: str, report: Callable[[str], None]) -> Any:
    """Return the type that a text such as ``int | None`` writes."""
    words = {**PLAIN, **type_words()}
    try:
        return annotation(ast.parse(text, mode="eval").body, words, path)
    except (ConfigError, SyntaxError, ValueError):
        report(
            messages.wrong(path, f"<{text}>", f"a type of {messages.listed(sorted(words))} in <>, or a default", words)
        )
        return Value


def scope_of(parameters: Mapping[str, Any], path: str, given: Mapping[str, Bound]) -> Scope:
    """Return what the parameters of a block stand for in one use; a default may hold ones that are declared before it.

    Args:
        parameters: name → default or type, as declared.
        path: of the block in the config.
        given: by the use.
    """
    scope: dict[str, Bound] = {}
    for name, default in parameters.items():
        scope[name] = given[name] if name in given else Bound(substituted(default, scope, {}), f"{path}.{name}")
    return scope


def named_parameters(value: Any) -> Iterator[str]:
    """Yield the name behind every ``$`` in a node, at any depth."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from named_parameters(str(key))
            yield from named_parameters(part)
    elif isinstance(value, list):
        for part in value:
            yield from named_parameters(part)
    elif isinstance(value, str) and value[:1] == SIGN:
        yield value[1:]


def substituted(node: Any, scope: Scope, values: dict[str, str], *steps: str | int) -> Any:
    """Return a node with the value of each parameter in its place.

    Args:
        node: as declared in a block; every name behind a ``$`` in it is a parameter.
        scope: the values.
        values: takes the place of each value → the config path that it was written at.
        steps: to the node, from the one that ``values`` counts from.
    """
    if isinstance(node, str) and node[:1] == SIGN and node[1:] in scope:
        bound = scope[node[1:]]
        values[dotted("", *steps)] = bound.path
        return bound.value
    if isinstance(node, list):
        return [substituted(part, scope, values, *steps, place) for place, part in enumerate(node)]
    if not isinstance(node, Mapping):
        return node
    made: dict[Any, Any] = {}
    for key, part in node.items():
        if isinstance(key, str) and key[:1] == SIGN and key[1:] in scope:
            made |= _declared_by(scope[key[1:]], substituted(part, scope, values, *steps, key), values, *steps)
        else:
            made[key] = substituted(part, scope, values, *steps, str(key))
    return made


def _declared_by(bound: Bound, arguments: Any, values: dict[str, str], *steps: str | int) -> dict[Any, Any]:
    """Return what ``{$norm: {…}}`` declares: the layer that the parameter holds, with these arguments as well."""
    if isinstance(bound.value, Mapping) and len(bound.value) == 1:
        ((name, own),) = bound.value.items()
        values[dotted("", *steps, str(name))] = f"{bound.path}.{name}"
        return {name: {**(own or {}), **(arguments or {})} if isinstance(own, Mapping | None) else own}
    return {bound.value if isinstance(bound.value, str) else str(bound.value): arguments}
