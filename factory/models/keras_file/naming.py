"""CHILD: The allow-list of class and function names in a ``.keras`` file: Keras' modelling API and our own layers.

It consists of what the catalog offers to declarations (public classes that neither run code nor read files), of what
Keras puts around them when it saves, and of the layers of plug-ins, such as the files in ``factory/models/layers``. A
name that is not on the list is refused, whatever it is.
"""

from __future__ import annotations

import functools
from typing import Any

from factory.config.catalog import catalog
from factory.models.own_classes import layer_names

MODULES = {
    "layers": "keras.layers",
    "optimizers": "keras.optimizers",
    "schedules": "keras.optimizers.schedules",
    "losses": "keras.losses",
    "metrics": "keras.metrics",
    "activations": "keras.activations",
    "initializers": "keras.initializers",
    "regularizers": "keras.regularizers",
    "constraints": "keras.constraints",
}
"""Namespace of the catalog → the module that Keras writes into a file for its members (3.15)."""

AROUND = {
    ("keras", "DTypePolicy"),
    ("keras", "Sequential"),
    ("keras.layers", "InputLayer"),
    ("keras.src.models.functional", "Functional"),
    # What keras.applications are made of beside public layers: ConvNeXt, InceptionResNetV2, MobileNetV3.
    ("keras.src.applications.convnext", "LayerScale"),
    ("keras.src.applications.inception_resnet_v2", "CustomScaleLayer"),
    ("keras.src.ops.numpy", "Add"),
    ("keras.src.ops.numpy", "Multiply"),
}
"""Module and class of objects that a saved model holds though no declaration can name them."""

VALUES = {"__keras_tensor__", "__tensor__", "__numpy__", "__bytes__", "__ellipsis__", "__slice__"}
"""Words in place of a class for plain values; not ``__lambda__`` and ``__typespec__``, which make code and types."""

FUNCTIONS = ("activations", "initializers", "losses", "metrics", "regularizers", "constraints")
"""Namespaces in which Keras looks for a function that a file names without its module."""


def named(item: dict[str, Any]) -> str:
    """Return the name of an object in a saved config, for errors: ``keras.layers.Dense``, ``my_package>Tower``."""
    name, module, registered_as = (item.get(key) for key in ("class_name", "module", "registered_name"))
    if name == "function":
        return f"the function {module}.{item.get('config')}"
    if isinstance(registered_as, str) and ">" in registered_as:
        return registered_as
    return f"{module}.{name}" if module else str(name)


def allowed(item: dict[str, Any]) -> bool:
    """Return whether Keras may create the object: all three names it might be found by mean the same allowed class."""
    name, module, registered_as = (item.get(key) for key in ("class_name", "module", "registered_name"))
    if not isinstance(name, str):
        return False
    if name in VALUES:
        return True
    if name == "function":
        return item.get("config") in _functions(module) and registered_as in (None, "function", item.get("config"))
    if registered_as in layer_names():
        return bool(registered_as.endswith(f">{name}"))
    return (module, name) in _classes() and registered_as in (None, name)


@functools.cache
def _classes() -> frozenset[tuple[Any, Any]]:
    """Return module and name of every allowed class of Keras."""
    offered = catalog.load_catalog()
    public = {(module, name) for space, module in MODULES.items() for name in offered.names(space)}
    return frozenset(pair for pair in public if pair[1][0].isupper()) | AROUND


def _functions(module: Any) -> frozenset[str]:
    """Return the allowed functions of a module; of all modules for ``builtins``, as Keras writes for its own."""
    spaces = FUNCTIONS if module == "builtins" else [space for space in FUNCTIONS if MODULES[space] == module]
    return frozenset(name for space in spaces for name in catalog.load_catalog().names(space) if name[0].islower())
