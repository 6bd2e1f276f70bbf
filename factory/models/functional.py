"""CHILD: The inputs, output heads and assembly that the functional models of all kinds have in common."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import keras

from factory.core.errors import ConfigError
from factory.data.dataset import DataSpec, Output

PASSING = (
    keras.layers.Reshape,
    keras.layers.Flatten,
    keras.layers.Add,
    keras.layers.Subtract,
    keras.layers.Average,
    keras.layers.Concatenate,
    keras.layers.Activation,
)
"""Layers without a range of their own: their output can be any number if their input can."""

REAL_ONLY = re.compile(r"(?!Global)\w*(?:Conv|Pool|Dropout|Noise)")
"""Names of layers that fail on whole numbers, in training or always (torch 2.13 or TensorFlow 2.21, keras 3.15)."""


def inputs(spec: DataSpec) -> dict[str, Any]:
    """Return a tensor for each input of the data, by name: a Keras input ``(batch, *shape)`` of its dtype.

    An input that the model is to multiply by a factor, such as pixels by 1/255, is the product: real numbers.
    """
    tensors = {tensor.name: keras.Input(tensor.shape, dtype=tensor.dtype, name=tensor.name) for tensor in spec.inputs}
    for name, factor in spec.factors.items():
        tensors[name] = keras.layers.Rescaling(factor, name=f"{name}_scaled")(tensors[name])
    return tensors


def _entry(tensor: Any) -> Any:
    """Return the Keras input that a tensor of `inputs` is, or was computed from."""
    operation = tensor._keras_history.operation
    scaled = isinstance(operation, keras.layers.Rescaling)
    return operation._inbound_nodes[0].input_tensors[0] if scaled else tensor


def heads(spec: DataSpec, features: Any) -> dict[str, Any]:
    """Return an output head for each of the data's outputs.

    Args:
        spec: of the data.
        features: ``(batch, features)``, a tensor of real numbers.

    Returns:
        output name → softmax ``(batch, classes)``, or numbers ``(batch, *shape)``, both float32.

    Raises:
        ConfigError: an output has a class for each pixel, which one row of features cannot give.
    """
    for output in spec.outputs:
        if output.task == "classification" and len(output.shape) > 1:
            takes = f"layers or graph, whose last layer gives {output.shape} with a softmax"
            raise ConfigError(f"model.kind: the data's {output.name!r} has a class for each pixel; takes {takes}")
    return {output.name: _head(output, features) for output in spec.outputs}


def _head(output: Output, features: Any) -> Any:
    """Return one output's dense head ``(batch, *shape)`` in float32."""
    # float32 under mixed precision too: a softmax in float16 loses the small probabilities.
    activation = "softmax" if output.task == "classification" else None
    flat = len(output.shape) == 1
    name = output.name if flat else f"{output.name}_flat"
    head = keras.layers.Dense(math.prod(output.shape), activation=activation, dtype="float32", name=name)(features)
    return head if flat else keras.layers.Reshape(output.shape, name=output.name)(head)


def model(
    spec: DataSpec, tensors: Mapping[str, Any], answers: Mapping[str, Any], paths: Mapping[str, str]
) -> keras.Model:
    """Assemble the functional model from its tensors; it maps a dictionary of inputs to a dictionary of outputs.

    Args:
        spec: of the data.
        tensors: as `inputs` returns them.
        answers: output name → tensor ``(batch, *shape)``; float16 and bfloat16 are cast to float32, and a standardized
            regression output is converted back to the target's own unit.
        paths: output name → config path of what makes it, for errors.

    Returns:
        The model, not compiled.

    Raises:
        ConfigError: a tensor has not the shape of its output.
    """
    problems = [
        f"{paths[output.name]}: got shape {tuple(answers[output.name].shape[1:])}; "
        f"takes {output.shape}, the shape of output {output.name!r}"
        for output in spec.outputs
        if tuple(answers[output.name].shape[1:]) != output.shape
    ]
    if problems:
        raise ConfigError(problems)
    outputs = {
        output.name: _in_its_unit(output, _float32(output.name, answers[output.name])) for output in spec.outputs
    }
    entries = {tensor.name: _entry(tensors[tensor.name]) for tensor in spec.inputs}
    return keras.Model(entries, outputs, name="model")


def _in_its_unit(output: Output, answer: Any) -> Any:
    """Return a regression output in the target's own unit; the layers before compute it with mean 0 and deviation 1."""
    if output.scale is None or not is_free(answer):
        return answer
    deviation, mean = output.scale.deviation, output.scale.mean
    single = len(mean) == 1
    layer = keras.layers.Rescaling(
        deviation[0] if single else list(deviation),
        mean[0] if single else list(mean),
        dtype="float32",
        name=f"{output.name}_unscaled",
    )
    return layer(answer)


def is_free(answer: Any) -> bool:
    """Return whether a tensor can take any value: a layer without activation made it, perhaps reshaped or added up.

    A tensor that cannot, such as the output of a softplus, is taken to be in the target's own unit already.
    """
    history = answer._keras_history
    layer = history.operation
    layer = layer.layer if isinstance(layer, keras.layers.Wrapper) else layer
    if getattr(layer, "activation", keras.activations.linear) is not keras.activations.linear:
        return False
    if isinstance(layer, PASSING):
        return all(is_free(tensor) for tensor in layer._inbound_nodes[history.node_index].input_tensors)
    return hasattr(layer, "activation")


def _float32(name: str, answer: Any) -> Any:
    """Return a tensor as float32, by a layer of its own where it has another dtype."""
    if keras.backend.standardize_dtype(answer.dtype) == "float32":
        return answer
    return keras.layers.Activation("linear", dtype="float32", name=f"{name}_float32")(answer)


def only_input(spec: DataSpec, kind: str) -> str:
    """Return the name of the data's one input, for model kinds that take no more.

    Raises:
        ConfigError: the data has several inputs.
    """
    names = [tensor.name for tensor in spec.inputs]
    if len(names) > 1:
        raise ConfigError(
            f"model.kind: got {kind!r}, which takes one input; the data has {', '.join(names)}; use graph"
        )
    return names[0]


def refuse_whole_numbers(layer: Any, inputs: Any, path: str) -> None:
    """Refuse to call a layer for real numbers on whole numbers, such as the pixels of a file.

    JAX takes them; under torch and TensorFlow the first training step fails.

    Args:
        layer: about to be called.
        inputs: tensor, or list or mapping of tensors.
        path: of the layer in the config.

    Raises:
        ConfigError: an input of such a layer has an integer dtype.
    """
    whole = [tensor for tensor in keras.tree.flatten(inputs) if "int" in keras.backend.standardize_dtype(tensor.dtype)]
    if whole and REAL_ONLY.match(type(layer).__name__):
        raise ConfigError(
            f"{path}: got whole numbers ({whole[0].dtype}) from {whole[0].name!r}; takes real ones; "
            "a layer before it makes them so, such as Rescaling: {scale: 0.00392} for pixels up to 255"
        )
