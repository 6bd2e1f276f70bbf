"""SHARED: The types of a declaration: how one YAML value names a Keras object and its arguments.

A plug-in's function signature is the schema of its YAML node. Besides int, float, str, bool, list, dict, Literal and
None it may be annotated with the types below; the parent reads the signature without importing the plug-in.

What a change of an option means for clients is declared beside it, as ``EFFECTS = {"scale": "contract"}``:
``signature`` where names, shapes or dtypes of inputs and outputs may change, ``contract`` where clients must send or
read other values. All other options of models and data change the weights alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

Declaration: TypeAlias = str | Mapping[str, Any]
"""``"Flatten"`` or ``{"Dense": {"units": 3}}``: a name and its arguments."""

Layer: TypeAlias = Declaration
"""A public ``keras.layers`` class or a file of ``factory/models/layers``, with its arguments."""

Node: TypeAlias = Mapping[str, Any]
"""A graph node: a Layer (or ``same_as: <node>``) plus ``from``: a name, a list of names, or keyword → name.

A kind whose options are ``nodes: dict[str, Node]`` and ``outputs``, which names nodes, has its wiring checked.
"""

Activation: TypeAlias = str
"""A public ``keras.activations`` name."""

Application: TypeAlias = str
"""A class of ``keras.applications``, such as ``MobileNetV2``."""

Arguments: TypeAlias = dict[str, Any]
"""Further arguments of the Application that another option of the same plug-in names."""

FilePath: TypeAlias = str
"""A file or folder whose contents decide what is trained: a training is done again where they changed."""

Size: TypeAlias = int
"""An integer of at least 1."""

Rate: TypeAlias = float
"""A number of at least 0 and below 1, such as a dropout rate."""

FACTS: Mapping[str, type] = {"<data.classes>": int, "<data.features>": int, "<data.shape>": list}
"""Placeholders of facts that are known only once the data is read, and the types of their values."""

_NAMESPACES = {
    "activation": "activations",
    "initializer": "initializers",
    "regularizer": "regularizers",
    "constraint": "constraints",
    "layer": "layers",
}
_WHOLE_NAMES = {"cell": "layers", "cells": "layers", "layers": "layers", "learning_rate": "schedules"}


def parse_declaration(declaration: Declaration) -> tuple[str, dict[str, Any]]:
    """Split a declaration into name and arguments.

    >>> parse_declaration("Flatten")
    ('Flatten', {})
    >>> parse_declaration({"Dense": {"units": 3}})
    ('Dense', {'units': 3})
    """
    if isinstance(declaration, str):
        return declaration, {}
    ((name, arguments),) = declaration.items()
    return name, dict(arguments or {})


def namespace(argument: str) -> str | None:
    """Return the Keras namespace whose declarations an argument of this name takes, None for a plain value.

    >>> namespace("kernel_initializer"), namespace("backward_layer"), namespace("units")
    ('initializers', 'layers', None)
    """
    return _WHOLE_NAMES.get(argument) or _NAMESPACES.get(argument.rpartition("_")[2])
