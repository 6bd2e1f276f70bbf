"""CHILD: Model kind ``layers``: a sequence of layers from one input to one output."""

from __future__ import annotations

import keras

from factory.config.declaration import Layer
from factory.core.errors import ConfigError
from factory.data.dataset import DataSpec
from factory.models import functional, keras_objects


def build(spec: DataSpec, *, layers: dict[str, Layer]) -> keras.Model:
    """Build the declared layers, called one after the other.

    Args:
        spec: of the data, with one input and one output.
        layers: name → layer; the last one gives the output's shape: ``(classes,)``, or ``(k,)`` for regression.

    Raises:
        ConfigError: the data has several inputs or outputs, or a layer does not fit what is before or after it.
    """
    outputs = [output.name for output in spec.outputs]
    if len(outputs) > 1:
        raise ConfigError(
            f"model.kind: got 'layers', which takes one output; the data has {', '.join(outputs)}; use graph"
        )
    if not layers:
        raise ConfigError("model.layers: got none; takes at least one layer")
    tensors = functional.inputs(spec)
    x = tensors[functional.only_input(spec, "layers")]
    for name, declaration in layers.items():
        layer = keras_objects.layer(declaration, name, f"model.layers.{name}")
        with keras_objects.errors_at(f"model.layers.{name}"):
            functional.refuse_whole_numbers(layer, x, f"model.layers.{name}")
            x = layer(x)
    return functional.model(spec, tensors, {outputs[0]: x}, {outputs[0]: f"model.layers.{[*layers][-1]}"})
