"""CHILD: Description of a model as a graph for drawing: each call of a layer, with its shape, parameters and inputs."""

from __future__ import annotations

import math
from typing import Any

import keras


def describe_architecture(model: keras.Model) -> dict[str, Any]:
    """Return the graph of a model, its nodes in an order in which they can be called.

    Args:
        model: a functional model with a dictionary of outputs.

    Returns:
        ``nodes``: for each call of a layer ``name`` (a second call's is ``shared (2)``), ``kind``, ``shape`` without
        the batch axis, ``parameters`` (0 for a second call), ``trainable`` (how many of these), ``inside`` (layers of
        a nested model) and ``from``, the names of the nodes that feed it; ``outputs``: output name → node.
    """
    names: dict[int, str] = {}
    nodes = []
    for depth in sorted(model._nodes_by_depth, reverse=True):
        for node in model._nodes_by_depth[depth]:
            operation = node.operation
            calls = sum(name == operation.name or name.startswith(f"{operation.name} (") for name in names.values())
            names[id(node)] = f"{operation.name} ({calls + 1})" if calls else operation.name
            nodes.append({"name": names[id(node)], **facts(operation, first=not calls), **shape_of(node)})
            nodes[-1]["from"] = list(dict.fromkeys(names[id(source(tensor))] for tensor in node.input_tensors))
    outputs = {name: names[id(source(tensor))] for name, tensor in model.output.items()}
    return {"nodes": nodes, "outputs": outputs}


def facts(operation: Any, *, first: bool) -> dict[str, Any]:
    """Return kind, parameters and nested layers of a call; weights count at the first call of their layer only."""
    weights, trained = (getattr(operation, name, []) for name in ("weights", "trainable_weights"))
    return {
        "kind": type(operation).__name__,
        "parameters": count(weights) if first else 0,
        "trainable": count(trained) if first else 0,
        "inside": len(operation.layers) if isinstance(operation, keras.Model) else 0,
    }


def count(weights: list[Any]) -> int:
    """Return how many numbers the weights hold."""
    return sum(math.prod(weight.shape) for weight in weights)


def shape_of(node: Any) -> dict[str, Any]:
    """Return the shape of a call's first output, without the batch axis."""
    return {"shape": list(node.output_tensors[0].shape[1:])}


def source(tensor: Any) -> Any:
    """Return the call that produced a tensor, a Keras node."""
    history = tensor._keras_history
    return history.operation._inbound_nodes[history.node_index]
