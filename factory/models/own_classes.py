"""CHILD: Registration of plug-in classes with Keras, so that a saved model that holds one loads in safe mode."""

from __future__ import annotations

from typing import Any

import keras

from factory.config.plugins import CLASS_KINDS, import_plugin, plugins_of


def own_class(space: str, name: str) -> Any:
    """Return the class of this name that a plug-in offers, registered with Keras; None where no plug-in does.

    Args:
        space: namespace of the catalog, such as ``layers`` or ``losses``.
        name: of the class.
    """
    if space not in CLASS_KINDS or name not in plugins_of(space):
        return None
    plugin_class = import_plugin(space, name)
    package = plugins_of(space)[name].module.partition(".")[0]
    # its author may have registered it already
    registered = keras.saving.get_registered_name(plugin_class) != plugin_class.__name__
    if space == "layers" and not registered:
        keras.saving.register_keras_serializable(package=package)(plugin_class)
    return plugin_class


def register_layers() -> None:
    """Import and register the layers of every plug-in."""
    for name in plugins_of("layers"):
        own_class("layers", name)


def layer_names() -> frozenset[str]:
    """Return the names under which saved models hold the layers of plug-ins, such as ``factory>PositionEmbedding``."""
    return frozenset(f"{plugin.module.partition('.')[0]}>{name}" for name, plugin in plugins_of("layers").items())
