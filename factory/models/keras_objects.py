"""CHILD: Creation of the Keras object that a declaration names: layer, optimizer, loss, metric or callback.

Names resolve against the catalog alone, so a declaration from a stranger can neither import nor run anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import keras

from factory.config.catalog import catalog
from factory.config.declaration import Declaration, namespace, parse_declaration
from factory.core.errors import ConfigError, FactoryError
from factory.core.foreign_errors import one_line
from factory.core.messages import wrong
from factory.models.own_classes import own_class

BY_NAME = {"activations", "initializers", "regularizers", "constraints"}
"""Namespaces whose members may be passed to Keras by name, where they have no arguments."""


def layer(declaration: Declaration, name: str, path: str = "model") -> keras.Layer:
    """Create the declared layer under a given name.

    Args:
        declaration: a public Keras layer or one of ``factory/models/layers``; wrapped layers and cells are
            declarations too.
        name: of the layer; the layers inside it are named after it.
        path: of the declaration in the config, for errors.

    Raises:
        ConfigError: no such layer, or Keras refuses its arguments.
    """
    return make_object("layers", declaration, path, name)


def optimizer(config: Mapping[str, Any]) -> keras.optimizers.Optimizer:
    """Create the optimizer that the config's ``optimizer`` node declares: ``name`` and its arguments.

    A learning rate may be a declared schedule.

    Raises:
        ConfigError: no such optimizer, or Keras refuses its arguments.
    """
    return make_object("optimizers", {config["name"]: {k: v for k, v in config.items() if k != "name"}}, "optimizer")


@contextmanager
def errors_at(path: str) -> Iterator[None]:
    """Turn whatever Keras raises inside into a ConfigError of one line that begins with the config path.

    Raises:
        ConfigError: ``<path>: <the first line of what Keras said>``, the cause chained.
    """
    try:
        yield
    except FactoryError:
        raise
    except Exception as error:  # Keras may refuse an argument in any way
        raise ConfigError(f"{path}: {one_line(error)}") from error


def find_class(space: str, name: str, path: str) -> Any:
    """Return the class or function of this name, of a plug-in or of Keras.

    Args:
        space: namespace of the catalog, such as ``layers`` or ``losses``.
        name: as declared.
        path: of the declaration in the config, for errors.

    Raises:
        ConfigError: there is no such name.
    """
    own = own_class(space, name)
    if own is not None:
        return own
    if catalog.load_catalog().entry(space, name) is None:
        raise ConfigError(wrong(path, name, f"a name of keras' {space}", catalog.load_catalog().names(space)))
    return getattr(keras.optimizers.schedules if space == "schedules" else getattr(keras, space), name)


def make_object(space: str, declaration: Declaration, path: str, name: str | None = None) -> Any:
    """Create the declared object.

    Args:
        space: namespace of the catalog, such as ``layers`` or ``losses``.
        declaration: a name, or a name with arguments.
        path: of the declaration in the config, for errors.
        name: of the object; None for kinds of objects without one.

    Raises:
        ConfigError: there is no such class, or Keras refuses the arguments.
    """
    class_name, declared = parse_declaration(declaration)
    kind = find_class(space, class_name, path)
    inner = f"{path}.{class_name}"
    arguments = {key: _value(key, value, f"{inner}.{key}", name) for key, value in declared.items()}
    with errors_at(inner):
        return kind(**arguments, **({} if name is None else {"name": name}))


def _value(key: str, value: Any, path: str, owner: str | None) -> Any:
    """Return the value of one argument: the object that it declares where the argument takes one, else itself."""
    space = namespace(key)
    if key == "noise_shape" and isinstance(value, list):
        return tuple(value)  # keras 3.15 refuses a list here and only here
    if isinstance(value, Mapping) and "class_name" in value:
        raise ConfigError(wrong(path, value, "a declaration, such as {L2: {l2: 0.01}}"))
    if space is None or value is None or isinstance(value, int | float):
        return value
    if isinstance(value, str) and space in BY_NAME:
        return value
    if isinstance(value, list):
        return [make_object(space, item, f"{path}.{i}", f"{owner}_{key}_{i}") for i, item in enumerate(value)]
    return make_object(space, value, path, f"{owner}_{key}" if space == "layers" else None)
