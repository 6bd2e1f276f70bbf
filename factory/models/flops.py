"""CHILD: Floating-point operations of a layer for one row, two for each multiply-add.

Counted are the products that dominate: dense layers, convolutions, recurrent cells and attention. Biases,
activations, normalization and pooling count as nothing, so that the figure is the same for every backend.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

PER_OUTPUT = (
    layers.Conv1D,
    layers.Conv2D,
    layers.Conv3D,
    layers.DepthwiseConv1D,
    layers.DepthwiseConv2D,
    layers.SeparableConv1D,
    layers.SeparableConv2D,
)
"""Layers whose kernel is applied once at each position of the output."""

PER_INPUT = (layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose)
"""Layers whose kernel is applied once at each position of the input."""


def flops(layer: keras.Layer, inputs: Sequence[Any], outputs: Sequence[Any]) -> int:
    """Return the floating-point operations of one call of a layer on one row.

    Args:
        layer: built, or a model, whose layers are added up.
        inputs: the tensors it is called on, ``(batch, ...)``; a free axis counts as one position.
        outputs: the tensors it returns.
    """
    if isinstance(layer, keras.Model):
        return sum(
            flops(node.operation, node.input_tensors, node.output_tensors)
            for nodes in layer._nodes_by_depth.values()
            for node in nodes
            if not node.is_input
        )
    kernels = _kernels(layer)
    first = list(inputs[0].shape) if inputs else []
    match layer:
        case layers.Dense():
            return 2 * kernels * _positions(first[1:-1])
        case layers.EinsumDense():
            return 2 * _indices(layer, first)
        case layers.MultiHeadAttention() | layers.GroupQueryAttention():
            return _attention(layer, inputs, outputs)
        case layers.RNN() | layers.Bidirectional():
            return 2 * kernels * _positions(first[1:2])
        case layers.TimeDistributed():
            return 2 * kernels * _positions(first[1:2])
    if isinstance(layer, PER_INPUT):
        return 2 * kernels * _positions(_spatial(layer, first))
    if isinstance(layer, PER_OUTPUT):
        return 2 * kernels * _positions(_spatial(layer, list(outputs[0].shape)))
    return 0


def _kernels(layer: keras.Layer) -> int:
    """Return the size of a layer's kernels; by name, since biases may have two axes too."""
    return sum(math.prod(weight.shape) for weight in layer.weights if weight.name.endswith("kernel"))


def _indices(layer: Any, shape: Sequence[int | None]) -> int:
    """Return the product of the sizes of all indices but the batch of an einsum equation such as ``abc,cd->abd``."""
    operands = layer.equation.partition("->")[0].split(",")
    sizes: dict[str, int | None] = {}
    for letters, axes in zip(operands, (shape, layer.kernel.shape), strict=True):
        sizes |= dict(zip(reversed(letters.replace(".", "")), reversed(list(axes)), strict=False))
    if "." not in operands[0]:
        del sizes[operands[0][0]]
    return _positions(list(sizes.values()))


def _positions(shape: Sequence[int | None]) -> int:
    """Return how many positions a shape has; a free axis counts as one."""
    return math.prod(size or 1 for size in shape)


def _spatial(layer: Any, shape: list[int | None]) -> list[int | None]:
    """Return the spatial axes of a shape ``(batch, ...)``, by the layer's data format."""
    return shape[2:] if layer.data_format == "channels_first" else shape[1:-1]


def _attention(layer: Any, inputs: Sequence[Any], outputs: Sequence[Any]) -> int:
    """Return the operations of attention: projections of each position, scores and weighted sums of each pair."""
    query, value = inputs[0].shape, inputs[min(1, len(inputs) - 1)].shape
    queries, keys = _positions(query[1:-1]), _positions(value[1:-1])
    per_query, per_key = (layer._query_dense, layer._output_dense), (layer._key_dense, layer._value_dense)
    width = math.prod(layer._query_dense.kernel.shape) // query[-1]
    projections = queries * sum(_kernels(part) for part in per_query) + keys * sum(_kernels(part) for part in per_key)
    return int(2 * projections + 4 * queries * keys * width)
