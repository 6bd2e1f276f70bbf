"""PARENT: The flat graph of layers that a model with blocks stands for, and what a model may leave out.

stage2: {residual: {filters: 32}, repeat: 3}    becomes    stage2-block1-conv, stage2-block1-norm, …
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from factory.config.blocks.declared import read_blocks, read_graph
from factory.config.blocks.expansion import Expansion
from factory.config.blocks.origins import Origins, located
from factory.config.blocks.places import Around
from factory.core import messages
from factory.core.errors import ConfigError, FactoryError

REPEATED = ("repeat", "first", "last", "each", "skip")


@dataclass(frozen=True)
class Expanded:
    """A model without blocks.

    Args:
        model: ``{kind: graph, nodes, outputs}``, or the model as declared where there is nothing to expand.
        origins: name of each of its nodes → where it was declared; empty where nothing was expanded.
    """

    model: Mapping[str, Any]
    origins: Origins


def expand(model: Mapping[str, Any]) -> Expanded:
    """Return the flat graph that a model stands for; a model without blocks is returned as it is.

    Args:
        model: the node ``model`` of a config, which need not be valid.

    Raises:
        ConfigError: all that is wrong with the blocks and their uses, one line each. Layers are not checked.
    """
    if not needs_expansion(model):
        return Expanded(model, {})
    key = "layers" if model["kind"] == "layers" else "nodes"
    takes = ("kind", key, "blocks", *(("outputs",) if key == "nodes" else ()))
    unknown = [messages.unknown(f"model.{name}", str(name), takes) for name in model if name not in takes]
    found: dict[str, None] = dict.fromkeys(unknown)
    expansion = Expansion(read_blocks(model.get("blocks") or {}, found.setdefault), found)
    graph = read_graph(model[key], model.get("outputs"), f"model.{key}", found.setdefault)
    outputs = {} if graph is None else expansion.outputs_of(Around(graph), {})
    if found:
        raise ConfigError([*found])
    flat = {"kind": "graph", "nodes": expansion.nodes, "outputs": outputs.get("", outputs)}
    return Expanded(flat, expansion.origins)


def needs_expansion(model: Mapping[str, Any]) -> bool:
    """Return whether a model uses blocks, repeats a node, or leaves out what follows from the order of its nodes."""
    kind = model.get("kind")
    nodes = model.get("layers" if kind == "layers" else "nodes")
    if kind not in ("graph", "layers") or not isinstance(nodes, Mapping) or not nodes:
        return False
    if model.get("blocks") or any(isinstance(node, Mapping) and {*node} & {*REPEATED} for node in nodes.values()):
        return True
    return kind == "graph" and ("outputs" not in model or any(map(_needs_source, nodes.values())))


def _needs_source(node: Any) -> bool:
    """Return whether a node of a graph leaves out where its input comes from."""
    return isinstance(node, str) or (isinstance(node, Mapping) and bool(node) and "from" not in node)


def with_flat_model(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return a config whose model is expanded, as a training is given it.

    Raises:
        ConfigError: as `expand` does.
    """
    return {**tree, "model": expand(tree["model"]).model}


def at_declarations(error: FactoryError, model: Mapping[str, Any]) -> FactoryError:
    """Return an error of an expanded model with its lines at the declarations that a user wrote.

    Args:
        error: of a process that was given the expanded model.
        model: the node ``model`` as declared.
    """
    origins = expand(model).origins
    return type(error)([*located(error.problems, origins)]) if origins else error
