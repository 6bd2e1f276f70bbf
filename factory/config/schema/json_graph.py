"""PARENT: Graphs, blocks and their uses as JSON Schema, for editors: parameters of blocks in files are completed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

BLOCK_NAME = "^[a-z_$]"
"""Begins the name of a block, or of a parameter that holds a layer, in a node; layers begin with a capital."""

TEXT = {"type": "string"}
BLOCK = {"type": "string", "pattern": BLOCK_NAME}
ONE = {"type": "integer", "minimum": 1}
LATER = {"$ref": "#/$defs/later"}
BODY = ("nodes", "inputs", "outputs")


def graph_definitions(layers: Iterable[str], blocks: Mapping[str, Mapping[str, Any]], what: str) -> dict[str, Any]:
    """Return the definitions ``node``, ``use`` and ``block``.

    Args:
        layers: names of all layers.
        blocks: name → block, of those in files.
        what: a node in words.
    """
    closed = {"type": "object", "additionalProperties": False}
    wiring = {
        "from": {"anyOf": [TEXT, {"type": "array", "items": TEXT}, {"type": "object", "additionalProperties": TEXT}]},
        "same_as": TEXT,
    }
    use: dict[str, Any] = {
        "repeat": {"anyOf": [ONE, LATER], "description": "How many in a row."},
        "first": {"type": "object", "description": "Arguments of the first one only."},
        "last": {"type": "object", "description": "Arguments of the last one only."},
        "each": {
            "description": "Argument → its value in each one.",
            "anyOf": [{"type": "object", "additionalProperties": {"anyOf": [{"type": "array"}, LATER]}}, LATER],
        },
        "skip": {
            "description": "Adds the input to the output; a layer or block is what the input goes through before.",
            "anyOf": [{"type": "boolean"}, TEXT, {"type": "object", "minProperties": 1, "maxProperties": 1}],
        },
    }
    known: dict[str, Any] = {name: {"$ref": f"#/$defs/layers/anyOf/1/properties/{name}"} for name in layers}
    own = {name: {"anyOf": [_arguments(block), {"type": "null"}]} for name, block in blocks.items()}
    keys = {**wiring, **use, **known, **own}
    node = {"description": what, **closed, "properties": keys, "patternProperties": {BLOCK_NAME: {}}}
    reached = [{"required": [key]} for key in use] + [{"propertyNames": {"pattern": BLOCK_NAME}}]
    return {
        "node": {"anyOf": [node, {"enum": [*known]}, BLOCK]},
        "use": {"allOf": [{"$ref": "#/$defs/node"}, {"type": "object", "anyOf": reached}]},
        "block": {
            "description": "A block: its nodes, and its parameters beside them, each with its default or <type>.",
            "type": "object",
            "properties": {
                "nodes": {"type": "object", "additionalProperties": {"$ref": "#/$defs/node"}},
                "inputs": {"type": "array", "items": TEXT},
                "outputs": wiring["from"],
            },
        },
    }


def _arguments(block: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of the arguments of a block in a file."""
    parameters = {name: {"default": value} for name, value in block.items() if name not in BODY}
    return {"type": "object", "properties": parameters, "additionalProperties": False}


def with_blocks(kinds: Mapping[str, Any]) -> None:
    """Let the model kinds ``graph`` and ``layers`` take blocks and their uses, in place."""
    for kind in kinds["anyOf"]:
        if kind["title"] in ("graph", "layers"):
            blocks = {"type": "object", "additionalProperties": {"$ref": "#/$defs/block"}}
            kind["properties"]["blocks"] = {"description": "Name → block, which nodes use like layers.", **blocks}
            if kind["title"] == "layers":
                either = [{"$ref": "#/$defs/layers"}, {"$ref": "#/$defs/use"}, BLOCK]
                kind["properties"]["layers"] = {"type": "object", "additionalProperties": {"anyOf": either}}
