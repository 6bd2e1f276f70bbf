"""CHILD: Building of the model that a config declares: ``kind: mlp`` is ``factory/models/kinds/mlp.py: build(...)``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from factory.config.declaration import FACTS
from factory.config.plugins import import_plugin
from factory.core.errors import ConfigError
from factory.core.messages import wrong
from factory.data.dataset import DataSpec
from factory.models.keras_objects import errors_at


def build_model(config: Mapping[str, Any], spec: DataSpec) -> keras.Model:
    """Build the model that the config's ``model`` node declares, for this data.

    Args:
        config: ``{kind, <options of build()>}``; placeholders such as ``<data.classes>`` stand for facts of the data.
        spec: of the data.

    Returns:
        A functional model from ``{input name: (batch, *shape)}`` to ``{output name: (batch, *shape)}``, not compiled.

    Raises:
        ConfigError: Keras refuses it or it does not fit the data; one line that begins with the config path.
    """
    options = {key: _filled(value, spec.facts(), f"model.{key}") for key, value in config.items() if key != "kind"}
    kind = import_plugin("models/kinds", config["kind"])
    with errors_at("model"):
        model: keras.Model = kind.build(spec, **options)
    return model


def _filled(value: Any, facts: Mapping[str, Any], path: str) -> Any:
    """Return a value with every placeholder in it replaced by a fact of the data."""
    if isinstance(value, Mapping):
        return {key: _filled(inner, facts, f"{path}.{key}") for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, facts, f"{path}[{index}]") for index, inner in enumerate(value)]
    if not (isinstance(value, str) and value in FACTS):
        return value
    name = value.removeprefix("<data.").removesuffix(">")
    if name not in facts:
        raise ConfigError(wrong(path, f"${{data.{name}}}", "a number: the data has no classification output"))
    return facts[name]
