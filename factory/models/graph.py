"""Any graph of layers: branches, merges, several inputs and outputs, a layer used twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from factory import functional, objects, topology
from factory.dataset import DataSpec
from factory.declared import Node
from factory.errors import ConfigError
from factory.faults import listed


def build(spec: DataSpec, *, nodes: dict[str, Node], outputs: list[str] | dict[str, str]) -> keras.Model:
    """The declared nodes, each called on what it comes ``from``.

    Args:
        spec: of the data; its inputs are nodes that are there already.
        nodes: name → node. ``from`` is a name, a list of names (the layer takes a list), or call argument → name;
            ``same_as`` calls another node's layer again, with the same weights.
        outputs: nodes that are called like the data's outputs, or output → node.

    Raises:
        ConfigError: a name leads nowhere or in a circle, an output is missing, or a layer refuses what it is given.
    """
    tensors = functional.inputs(spec)
    faults = list(topology.problems(nodes, outputs, list(tensors)))
    chosen = topology.output_nodes(outputs)
    wanted = [output.name for output in spec.outputs]
    if sorted(chosen) != sorted(wanted):
        faults.append(f"model.outputs: got {listed([*chosen])}; takes the data's outputs: {listed(wanted)}")
    if faults:
        raise ConfigError(faults)
    layers: dict[str, Any] = {}
    made = dict(tensors)
    for step in topology.order(nodes):
        path = f"model.nodes.{step.name}"
        if step.layer is None:
            layers[step.name] = layers[str(step.same_as)]
        else:
            layers[step.name] = objects.layer(step.layer, step.name, path)
        with objects.at(path):
            made[step.name] = _call(layers[step.name], step.inputs, made)
    answers = {name: made[node] for name, node in chosen.items()}
    return functional.model(spec, tensors, answers, {name: f"model.nodes.{node}" for name, node in chosen.items()})


def _call(layer: Any, inputs: topology.Names, made: Mapping[str, Any]) -> Any:
    if isinstance(inputs, str):
        return layer(made[inputs])
    if isinstance(inputs, Mapping):
        return layer(**{keyword: made[name] for keyword, name in inputs.items()})
    return layer([made[name] for name in inputs])
