"""CHILD: Model kinds, one file each: ``kind: mlp`` → ``factory/models/kinds/mlp.py: build(spec, ...)``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from factory.config.declaration import FACTS
from factory.config.plugins import import_plugin
from factory.core.errors import ConfigError
from factory.core.messages import wrong
from factory.data.dataset import DataSpec
from factory.models.keras_objects import at


def build_model(config: Mapping[str, Any], spec: DataSpec) -> keras.Model:
    """The model that the tree's ``model`` node declares, for this data.

    Args:
        config: ``{kind, <options of build()>}``; the data's facts stand where their placeholders are.
        spec: of the data.

    Returns:
        A functional model from ``{input name: (batch, *shape)}`` to ``{output name: (batch, *shape)}``, not compiled.

    Raises:
        ConfigError: Keras or the data refuses it; one line that begins with the place in the config.
    """
    options = {key: _filled(value, spec.facts(), f"model.{key}") for key, value in config.items() if key != "kind"}
    kind = import_plugin("models/kinds", config["kind"])
    with at("model"):
        model: keras.Model = kind.build(spec, **options)
    return model


def _filled(value: Any, facts: Mapping[str, Any], path: str) -> Any:
    """The value with every placeholder replaced by what is known now."""
    if isinstance(value, Mapping):
        return {key: _filled(inner, facts, f"{path}.{key}") for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, facts, f"{path}[{place}]") for place, inner in enumerate(value)]
    if not (isinstance(value, str) and value in FACTS):
        return value
    name = value.removeprefix("<data.").removesuffix(">")
    if name not in facts:
        raise ConfigError(wrong(path, f"${{data.{name}}}", "a number: the data has no classification output"))
    return facts[name]
