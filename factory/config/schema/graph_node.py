"""PARENT: The form of one graph node: a layer, or ``same_as``, and ``from``. topology.py checks the wiring."""

from __future__ import annotations

import functools
from typing import Annotated, Any

from pydantic import AfterValidator, TypeAdapter
from pydantic_core import InitErrorDetails, PydanticCustomError

from factory.config.schema import values as kinds
from factory.config.schema.declarations import declaration, names
from factory.config.schema.strict import lines, refusal, strict_model
from factory.config.schema.values import Kind, problem

WHAT = "a layer, or same_as, and from"
WIRING = ("from", "same_as")


def node() -> Any:
    """Return the type of a node of a graph."""
    return Annotated[Any, AfterValidator(_check), Kind(WHAT, frozenset({"dict"}), name="node")]


def _check(value: dict[str, Any]) -> Any:
    """Return a node unchanged; raise pydantic's errors where it is not valid."""
    layers = [key for key in value if key not in WIRING]
    found: list[InitErrorDetails] = []
    if "same_as" not in value:
        known = [key for key in layers if key in names("layers")] or layers
        if len(known) != 1:
            raise problem(f"{WHAT}; one layer in a node")
        layers = [key for key in layers if key != known[0]]
        found = lines(_layers(names("layers")).validate_python, {known[0]: value[known[0]]})
    found += [_unknown(key, value[key]) for key in layers]
    found += lines(
        _wiring(again="same_as" in value).model_validate, {key: value[key] for key in WIRING if key in value}
    )
    if found:
        raise refusal("node", found)
    return value


@functools.cache
def _layers(among: tuple[str, ...]) -> TypeAdapter[Any]:
    """Return what validates a layer, one of these, made once for the thousand nodes of a graph."""
    return TypeAdapter(declaration("layers"))


@functools.cache
def _wiring(again: bool) -> Any:
    """Return the model of ``from`` and, where a layer is called again, ``same_as``."""
    sources = kinds.union(kinds.Str, kinds.list_of(kinds.Str), kinds.dict_of(kinds.Str))
    return strict_model("wiring", {"from": (sources, ...)} | ({"same_as": (kinds.Str, ...)} if again else {}))


def _unknown(key: str, value: Any) -> InitErrorDetails:
    """Return the pydantic error of a key that a node does not have."""
    return InitErrorDetails(type=PydanticCustomError("unknown", "{takes}", {"takes": WIRING}), loc=(key,), input=value)
