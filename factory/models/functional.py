"""CHILD: The frame of every model: inputs as the data has them in, answers as the data has them out, by name."""

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
"""Layers whose answer is as free as what they are given."""

REAL_ONLY = re.compile(r"(?!Global)\w*(?:Conv|Pool|Dropout|Noise)")
"""Layers that torch 2.13 or TensorFlow 2.21 refuse whole numbers, in training or always (keras 3.15)."""


def inputs(spec: DataSpec) -> dict[str, Any]:
    """An input for each of the data's, of its name, dtype and shape ``(batch, *shape)``."""
    return {one.name: keras.Input(one.shape, dtype=one.dtype, name=one.name) for one in spec.inputs}


def heads(spec: DataSpec, features: Any) -> dict[str, Any]:
    """An answer for each of the data's outputs.

    Args:
        spec: of the data.
        features: ``(batch, features)``.

    Returns:
        output name → softmax ``(batch, classes)``, or numbers ``(batch, *shape)``.
    """
    return {output.name: _head(output, features) for output in spec.outputs}


def _head(output: Output, features: Any) -> Any:
    # float32 whatever the precision: a softmax in float16 loses the small probabilities.
    activation = "softmax" if output.task == "classification" else None
    last = len(output.shape) == 1
    name = output.name if last else f"{output.name}_flat"
    answer = keras.layers.Dense(math.prod(output.shape), activation=activation, dtype="float32", name=name)(features)
    return answer if last else keras.layers.Reshape(output.shape, name=output.name)(answer)


def model(
    spec: DataSpec, tensors: Mapping[str, Any], answers: Mapping[str, Any], places: Mapping[str, str]
) -> keras.Model:
    """The functional model, from dict to dict.

    Args:
        spec: of the data.
        tensors: as `inputs` gives them.
        answers: output name → tensor; float16 and bfloat16 are cast to float32, a regression's to its own unit.
        places: output name → config path of what makes it, for errors.

    Raises:
        ConfigError: an answer has not the shape of its output.
    """
    problems = [
        f"{places[output.name]}: got shape {tuple(answers[output.name].shape[1:])}; "
        f"takes {output.shape}, the shape of output {output.name!r}"
        for output in spec.outputs
        if tuple(answers[output.name].shape[1:]) != output.shape
    ]
    if problems:
        raise ConfigError(problems)
    outputs = {
        output.name: _in_its_unit(output, _float32(output.name, answers[output.name])) for output in spec.outputs
    }
    return keras.Model({one.name: tensors[one.name] for one in spec.inputs}, outputs, name="model")


def _in_its_unit(output: Output, answer: Any) -> Any:
    """A regression's answer in the target's own unit; what is before it has mean 0 and deviation 1 in training."""
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
    """Whether a tensor can be any number: a layer without activation gave it, maybe reshaped or added to such others.

    One that cannot, such as a price behind a softplus, is declared in the target's own unit.
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
    if keras.backend.standardize_dtype(answer.dtype) == "float32":
        return answer
    return keras.layers.Activation("linear", dtype="float32", name=f"{name}_float32")(answer)


def only_input(spec: DataSpec, kind: str) -> str:
    """The name of the data's one input, for kinds that take no more.

    Raises:
        ConfigError: there are several.
    """
    names = [one.name for one in spec.inputs]
    if len(names) > 1:
        raise ConfigError(
            f"model.kind: got {kind!r}, which takes one input; the data has {', '.join(names)}; use graph"
        )
    return names[0]


def refuse_whole_numbers(layer: Any, inputs: Any, path: str) -> None:
    """Refuse a layer that computes with real numbers alone where whole ones reach it, such as the pixels of a file.

    Under JAX they pass; under torch and TensorFlow the first training step fails.

    Args:
        layer: about to be called.
        inputs: tensor, or list or mapping of tensors.
        path: of the layer in the config.

    Raises:
        ConfigError: what stands before it must make them real.
    """
    whole = [tensor for tensor in keras.tree.flatten(inputs) if "int" in keras.backend.standardize_dtype(tensor.dtype)]
    if whole and REAL_ONLY.match(type(layer).__name__):
        raise ConfigError(
            f"{path}: got whole numbers ({whole[0].dtype}) from {whole[0].name!r}; takes real ones; "
            "a layer before it makes them so, such as Rescaling: {scale: 0.00392} for pixels up to 255"
        )
