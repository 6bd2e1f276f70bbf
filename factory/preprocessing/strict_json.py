"""SHARED: Reading of dataclasses from JSON that anybody may have edited: every field there, none more, of its type."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Literal, TypeVar, Union

from factory.core.messages import listed, missing, unknown, wrong
from factory.preprocessing.rules import BOOL, NULL, NUMBER, TEXT, Rule, choice, either, is_whole

T = TypeVar("T")
WHOLE = Rule("a whole number", is_whole)
SIMPLE: Mapping[Any, Rule] = {bool: BOOL, int: WHOLE, float: NUMBER, str: TEXT, type(None): NULL}


def read(kind: type[T], node: Any, path: str, further: tuple[str, ...] = ()) -> T:
    """Return a dataclass from its JSON object; lists become tuples, whole numbers floats where floats are asked for.

    Args:
        kind: a dataclass with fields of texts, numbers, truth values, words, None, and tuples of them.
        node: the object.
        path: of the object, for the error.
        further: keys of the object that are not fields.

    Raises:
        ValueError: a field is missing, unknown or of another type; one line.
    """
    hints = typing.get_type_hints(kind)
    names = [one.name for one in fields(kind)]  # type: ignore[arg-type]  # T is a dataclass
    check_keys(node, (*names, *further), path)
    return kind(**{name: _value(hints[name], node[name], f"{path}.{name}") for name in names})


def check_keys(node: Any, names: tuple[str, ...], path: str) -> None:
    """Refuse what is no JSON object with these keys.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(node, Mapping):
        raise ValueError(wrong(path, node, f"an object with {listed(names)}"))
    for key in node:
        if key not in names:
            raise ValueError(unknown(f"{path}.{key!s:.60}", str(key), names))
    for name in names:
        if name not in node:
            raise ValueError(missing(f"{path}.{name}", "a value"))


def items(node: Any, path: str) -> list[Any]:
    """Return a JSON list.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(node, list):
        raise ValueError(wrong(path, node, "a list"))
    return node


def _value(hint: Any, value: Any, path: str) -> Any:
    if typing.get_origin(hint) is tuple:
        item = typing.get_args(hint)[0]
        return tuple(_value(item, part, f"{path}[{place}]") for place, part in enumerate(items(value, path)))
    if typing.get_origin(hint) in (Union, types.UnionType) and any(map(typing.get_origin, typing.get_args(hint))):
        (whole,) = (part for part in typing.get_args(hint) if part is not type(None))
        return None if value is None else _value(whole, value, path)
    rule = _rule(hint)
    if not rule.accepts(value):
        raise ValueError(wrong(path, value, rule.words, rule.among))
    return float(value) if hint is float else value


def _rule(hint: Any) -> Rule:
    if typing.get_origin(hint) is Literal:
        return choice(*typing.get_args(hint))
    return SIMPLE[hint] if hint in SIMPLE else either(*map(_rule, typing.get_args(hint)))


def require(holds: bool, path: str, value: Any, takes: str) -> None:
    """Refuse a value of the right type that makes no sense.

    Raises:
        ValueError: it does not hold.
    """
    if not holds:
        raise ValueError(wrong(path, value, takes))
