"""CHILD: Floating-point operations of one row through a layer: two for each multiplication with its addition.

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
"""Their kernels are applied once at each place of the output."""

PER_INPUT = (layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose)


def flops(layer: keras.Layer, inputs: Sequence[Any], outputs: Sequence[Any]) -> int:
    """Of one call on one row.

    Args:
        layer: built.
        inputs: the tensors it is called on, ``(batch, ...)``; a free axis counts as one place.
        outputs: the tensors it gives.
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
            return 2 * kernels * _places(first[1:-1])
        case layers.EinsumDense():
            return 2 * _indices(layer, first)
        case layers.MultiHeadAttention() | layers.GroupQueryAttention():
            return _attention(layer, inputs, outputs)
        case layers.RNN() | layers.Bidirectional():
            return 2 * kernels * _places(first[1:2])
        case layers.TimeDistributed():
            return 2 * kernels * _places(first[1:2])
    if isinstance(layer, PER_INPUT):
        return 2 * kernels * _places(_spatial(layer, first))
    if isinstance(layer, PER_OUTPUT):
        return 2 * kernels * _places(_spatial(layer, list(outputs[0].shape)))
    return 0


def _kernels(layer: keras.Layer) -> int:
    """Numbers in the weights that rows are multiplied with; biases may have two axes too."""
    return sum(math.prod(weight.shape) for weight in layer.weights if weight.name.endswith("kernel"))


def _indices(layer: Any, shape: Sequence[int | None]) -> int:
    """The product of the sizes of all indices of an equation such as ``abc,cd->abd``, the batch apart."""
    operands = layer.equation.partition("->")[0].split(",")
    sizes: dict[str, int | None] = {}
    for letters, axes in zip(operands, (shape, layer.kernel.shape), strict=True):
        sizes |= dict(zip(reversed(letters.replace(".", "")), reversed(list(axes)), strict=False))
    if "." not in operands[0]:
        del sizes[operands[0][0]]
    return _places(list(sizes.values()))


def _places(shape: Sequence[int | None]) -> int:
    return math.prod(size or 1 for size in shape)


def _spatial(layer: Any, shape: list[int | None]) -> list[int | None]:
    return shape[2:] if layer.data_format == "channels_first" else shape[1:-1]


def _attention(layer: Any, inputs: Sequence[Any], outputs: Sequence[Any]) -> int:
    """Projections of each place, then scores and mixtures of every pair of places."""
    query, value = inputs[0].shape, inputs[min(1, len(inputs) - 1)].shape
    asked, offered = _places(query[1:-1]), _places(value[1:-1])
    made, used = (layer._query_dense, layer._output_dense), (layer._key_dense, layer._value_dense)
    width = math.prod(layer._query_dense.kernel.shape) // query[-1]
    projected = asked * sum(_kernels(part) for part in made) + offered * sum(_kernels(part) for part in used)
    return int(2 * projected + 4 * asked * offered * width)
