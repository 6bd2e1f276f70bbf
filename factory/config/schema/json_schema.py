"""PARENT: The schema of every group as JSON Schema, so that editors complete and check the YAML of conf/.

The pydantic models say what a node takes; what they say in validators of their own (declarations, numbers with bounds,
words of many) is said again here from their ``Kind``. A YAML of a group is a part of a node: nothing is required, and
``${…}`` and ``???`` may stand in the place of any value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from factory.config.schema import nodes
from factory.config.schema.declarations import WORDS, arguments_of, names
from factory.config.schema.graph_node import WHAT as NODE
from factory.config.schema.json_graph import graph_definitions, with_blocks
from factory.config.schema.plugins import fields, offered
from factory.config.schema.strict import Fields, Strict, strict_model
from factory.config.schema.values import Kind

DIALECT = "https://json-schema.org/draft/2020-12/schema"
LATER = {"type": "string", "pattern": r"^(\$\{.+\}|\?\?\?|<data\.\w+>|\$[A-Za-z]\w*)$"}
"""An interpolation, a value that must be given, a fact of the data, or a block's parameter."""

OURS = "x-definition"
"""Stands for a definition of this document until the parts are put together: pydantic knows only its own."""

_LATER = {OURS: "later"}
DEFAULTS = {"description": "Hydra's defaults list.", "type": "array"}
_TYPES = {"none": "null", "bool": "boolean", "int": "integer", "float": "number", "str": "string", "list": "array"}


class _Generator(GenerateJsonSchema):
    """A generator of JSON Schema that takes the words of our kinds instead of pydantic's."""

    def function_wrap_schema(self, schema: core_schema.WrapValidatorFunctionSchema) -> JsonSchemaValue:
        """Return the schema of a value that one of our kinds checks."""
        inner = self.generate_inner(schema["schema"])
        kind = getattr(schema["function"]["function"], "__self__", None)
        return _said(kind, inner) if isinstance(kind, Kind) else inner

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Return a schema with its default, which may be any value here, as in YAML."""
        default = schema.get("default")
        return self.generate_inner(schema["schema"]) | ({} if default is None else {"default": default})


def _said(kind: Kind, inner: JsonSchemaValue) -> JsonSchemaValue:
    """Return the schema of one value; ``inner`` is what pydantic knows of it."""
    if kind.name:
        return {OURS: kind.name} if "dict" in kind.shapes else {"enum": [*names(kind.name)]}
    bound = {} if kind.least is None else {"minimum": kind.least}
    if inner:
        return {"anyOf": [{**inner, **bound}, _LATER]}
    forms: list[JsonSchemaValue] = [
        {"type": _TYPES[form], **bound} for form in sorted(kind.shapes & _TYPES.keys() - {"str"})
    ]
    forms += [{"type": "object"}] if "dict" in kind.shapes else []
    forms += ([{"enum": [*kind.among]}] if kind.among else [{"type": "string"}]) if "str" in kind.shapes else []
    return {"anyOf": [*forms, _LATER], "description": kind.words}


def text(blocks: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the file conf/schema.json: one line for each group, and for each layer, loss and so on.

    Args:
        blocks: name → block, of those in files.
    """
    made = schema(blocks)
    definitions = ",\n".join(f"  {json.dumps(name)}: {_broken(part)}" for name, part in made.pop("$defs").items())
    head = json.dumps(made, indent=1, ensure_ascii=False).removesuffix("\n}")
    return f'{head},\n "$defs": {{\n{definitions}\n }}\n}}\n'


def _broken(part: Any) -> str:
    """Return JSON with line breaks between alternatives, so that a new Keras shows as a readable diff."""
    return re.sub(r'(, )("\w+": \{"anyOf": \[\{"properties")', r",\n   \2", json.dumps(part, ensure_ascii=False))


def schema(blocks: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the schema of all groups: ``#/$defs/model`` for ``model``, ``#/$defs/experiment`` for an experiment.

    Args:
        blocks: name → block, of those in files.
    """
    groups: dict[str, Any] = {
        "model": _plugins("models/kinds", "kind", {}),
        "data": _plugins("data/sources", "source", nodes.DATA),
        "optimizer": {"anyOf": [_optimizer(name) for name in names("optimizers")]},
        "train": _model("train", nodes.train_fields()),
        "deploy": _model("deploy", nodes.DEPLOY),
        "publish": _model("publish", nodes.PUBLISH),
    }
    with_blocks(groups["model"])
    groups["tracker"] = _plugins("trackers", "kind", nodes.TRACKER)
    groups["tracker"]["anyOf"].append(_model("none", nodes.NO_TRACKER))
    targets = {name: _model(name, {**nodes.TARGET, "options": _options(name)}) for name in offered("export/targets")}
    groups["target"] = _closed(targets)
    groups["deploy"]["properties"]["target"] = {"anyOf": [{"$ref": "#/$defs/target"}, {"type": "null"}]}
    root = _model("config", nodes.ROOT)
    root["properties"] |= {
        node: {"$ref": f"#/$defs/{node}"}
        for node in ("model", "data", "optimizer", "train", "deploy", "publish", "tracker")
    }
    root["properties"]["hydra"] = {"type": "object"}
    spaces = {space: _declaration(space) for space in WORDS if space not in ("applications", "optimizers")}
    return {
        "$schema": DIALECT,
        "title": "conf/ of factory",
        "description": "python -m factory schema > conf/schema.json",
        "$ref": "#/$defs/experiment",
        "$defs": {
            "experiment": root,
            **groups,
            **graph_definitions(names("layers"), blocks, NODE),
            "later": LATER,
            **spaces,
        },
    }


def _options(target: str) -> tuple[Any, Any]:
    """Return the field of a target's options."""
    return strict_model(target, fields("export/targets", target)), {}


def _plugins(folder: str, key: str, fixed: Fields) -> dict[str, Any]:
    """Return the schema of a node of any plug-in; the key that names the plug-in tells them apart."""
    nodes_of_plugins = []
    for name in offered(folder):
        node = _model(name, {**fixed, **fields(folder, name)})
        node["properties"][key] = {"const": name}
        nodes_of_plugins.append(node)
    return {"anyOf": nodes_of_plugins}


def _optimizer(name: str) -> dict[str, Any]:
    """Return the schema of the node of one optimizer."""
    made = _part(arguments_of("optimizers", name))
    made["properties"] = {"name": {"const": name}, **made["properties"]}
    return {"title": name, **made}


def _declaration(space: str) -> dict[str, Any]:
    """Return the schema of a name, or of a name with its arguments."""
    known = {name: {"anyOf": [_part(arguments_of(space, name)), {"type": "null"}]} for name in names(space)}
    alone = {"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": False}
    return {
        "description": WORDS[space],
        "anyOf": [{"enum": [*names(space)]}, {**alone, "properties": known}, {"$ref": "#/$defs/later"}],
    }


def _closed(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a mapping that takes these keys alone, and a defaults list."""
    return {"type": "object", "properties": {"defaults": DEFAULTS, **properties}, "additionalProperties": False}


def _model(name: str, known: Fields) -> dict[str, Any]:
    """Return the schema of a node with these fields, and a defaults list."""
    made = _part(strict_model(name, known))
    return {"title": name, **made, "properties": {"defaults": DEFAULTS, **made["properties"]}}


def _part(model: type[Strict]) -> dict[str, Any]:
    """Return the schema of a node with its own definitions inlined, and nothing required."""
    made = model.model_json_schema(by_alias=True, schema_generator=_Generator)
    return dict(_inlined({key: value for key, value in made.items() if key != "$defs"}, made.get("$defs", {})))


def _inlined(value: Any, definitions: Mapping[str, Any]) -> Any:
    """Return a schema with references to these definitions inlined, and without what only a class has."""
    if isinstance(value, list):
        return [_inlined(part, definitions) for part in value]
    if not isinstance(value, dict):
        return value
    if OURS in value:
        return {"$ref": f"#/$defs/{value[OURS]}"}
    name = str(value.get("$ref", "")).removeprefix("#/$defs/")
    if name in definitions:
        rest = {key: part for key, part in value.items() if key != "$ref"}
        return _inlined({**definitions[name], **rest}, definitions)
    made = {key: _inlined(part, definitions) for key, part in value.items() if not _of_the_model(key, part)}
    if "oneOf" in made or "anyOf" in made:
        return _any_of(made)
    return {"properties": {}, **made} if made.get("type") == "object" and "additionalProperties" in made else made


def _any_of(made: dict[str, Any]) -> dict[str, Any]:
    """Return nested alternatives as one ``anyOf``, since an interpolation fits several and ``oneOf`` refuses that."""
    flat: list[Any] = []
    for part in made.pop("oneOf", None) or made.pop("anyOf"):
        flat += part["anyOf"] if isinstance(part, dict) and part.keys() == {"anyOf"} else [part]
    made.pop("discriminator", None)
    once = {json.dumps(part, sort_keys=True): part for part in flat}
    return {"anyOf": [once[text] for text in sorted(once)], **made}  # branches by shape come in no order


def _of_the_model(key: str, part: Any) -> bool:
    """Return whether pydantic says this of a class, unlike a property that is called ``title``."""
    return (key == "required" and isinstance(part, list)) or (key == "title" and isinstance(part, str))
