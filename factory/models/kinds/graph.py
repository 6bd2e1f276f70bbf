"""CHILD: Model kind ``graph``: any graph of layers, with branches, merges, shared layers and several outputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from factory.config import topology
from factory.config.declaration import Node
from factory.core.errors import ConfigError
from factory.core.messages import listed
from factory.data.dataset import DataSpec
from factory.models import functional, keras_objects


def build(spec: DataSpec, *, nodes: dict[str, Node], outputs: str | list[str] | dict[str, str]) -> keras.Model:
    """Build the declared graph: each node's layer is called on the nodes that its ``from`` names.

    Args:
        spec: of the data; its inputs are nodes of the graph already.
        nodes: name → node. ``from`` is a name, a list of names (the layer takes a list), or call argument → name;
            ``same_as`` calls another node's layer again, with the same weights.
        outputs: the node of the only output, nodes that are named like the data's outputs, or output name → node.

    Raises:
        ConfigError: a name is unknown or part of a circle, an output is missing, or a layer refuses its inputs.
    """
    tensors = functional.inputs(spec)
    problems = [*topology.problems(nodes, outputs, list(tensors)), *topology.of_several(nodes, list(tensors))]
    wanted = [output.name for output in spec.outputs]
    chosen = topology.output_nodes(outputs)
    if isinstance(outputs, str) and len(wanted) == 1:
        chosen = {wanted[0]: outputs}
    if sorted(chosen) != sorted(wanted):
        got = f"{outputs!r} alone" if isinstance(outputs, str) else listed([*chosen])
        problems.append(f"model.outputs: got {got}; takes the data's outputs: {listed(wanted)}")
    if problems:
        raise ConfigError(problems)
    layers: dict[str, Any] = {}
    made = {**tensors, topology.ONLY_INPUT: next(iter(tensors.values()))}
    for step in topology.order(nodes):
        path = f"model.nodes.{step.name}"
        if step.layer is None:
            layers[step.name] = layers[str(step.same_as)]
        else:
            layers[step.name] = keras_objects.layer(step.layer, step.name, path)
        with keras_objects.errors_at(path):
            given = _given(step.inputs, made)
            functional.refuse_whole_numbers(layers[step.name], given, path)
            made[step.name] = layers[step.name](**given) if isinstance(given, dict) else layers[step.name](given)
    answers = {name: made[node] for name, node in chosen.items()}
    return functional.model(spec, tensors, answers, {name: f"model.nodes.{node}" for name, node in chosen.items()})


def _given(inputs: topology.Names, made: Mapping[str, Any]) -> Any:
    """Return what a layer is called on: a tensor, a list of tensors, or call argument → tensor."""
    if isinstance(inputs, str):
        return made[inputs]
    if isinstance(inputs, Mapping):
        return {keyword: made[name] for keyword, name in inputs.items()}
    return [made[name] for name in inputs]
