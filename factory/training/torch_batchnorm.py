"""CHILD: Synchronized BatchNormalization under torch, which Keras (3.15) offers under TensorFlow alone."""

from __future__ import annotations

import functools
from typing import Any

import keras
import torch
from torch import distributed


def synchronise(model: keras.Model) -> None:
    """Make every BatchNormalization of the model compute its statistics over the rows of all ranks."""
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer._moments = functools.partial(moments, layer)


def moments(layer: keras.layers.BatchNormalization, inputs: torch.Tensor, mask: torch.Tensor | None) -> Any:
    """Return mean and variance of each channel over the rows of all ranks.

    Args:
        layer: whose reduction axes are used.
        inputs: ``(rows of this rank, ...)``, float32; there may be none.
        mask: which entries count, of the shape of inputs without the channels; None for all.

    Returns:
        Mean and variance, each ``(channels,)``.
    """
    axes = tuple(layer._reduction_axes)
    counts = torch.ones_like(inputs) if mask is None else mask.unsqueeze(-1).to(inputs.dtype).expand_as(inputs)
    ours = torch.stack([part.sum(axes) for part in (counts, inputs * counts, inputs.square() * counts)])
    count, total, squares = Sum.apply(ours)  # type: ignore[no-untyped-call]  # torch 2.13 gives it no types
    mean = total / count
    return mean, squares / count - mean.square()  # as Keras computes it


class Sum(torch.autograd.Function):
    """The sum of a tensor over all ranks, whose gradient is the sum of the gradients of all ranks."""

    @staticmethod
    def forward(context: Any, ours: torch.Tensor) -> torch.Tensor:
        total = ours.clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(context: Any, gradient: torch.Tensor) -> torch.Tensor:
        total = gradient.clone().contiguous()
        distributed.all_reduce(total)
        return total
