"""CHILD: From a declaration to the Keras object it names: a layer, an optimizer, a loss, a metric, a callback.

Names resolve against the catalog alone, so a declaration from a stranger can neither import nor run anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import keras

from factory.config.catalog import catalog
from factory.config.declaration import Declaration, namespace, parse
from factory.core.errors import ConfigError, FactoryError
from factory.core.messages import one_line, wrong
from factory.models.own_classes import own_class

BY_NAME = {"activations", "initializers", "regularizers", "constraints"}
"""Namespaces whose members Keras itself finds by name when they are given without arguments."""


def layer(declaration: Declaration, name: str, path: str = "model") -> keras.Layer:
    """The declared layer under a name of ours.

    Args:
        declaration: a public Keras layer or one of ``factory/models/layers``; wrapped layers and cells are
            declarations too.
        name: of the layer; those inside are named after it.
        path: of the declaration in the config, for errors.
    """
    return make_object("layers", declaration, path, name)


def optimizer(config: Mapping[str, Any]) -> keras.optimizers.Optimizer:
    """The optimizer of the tree's node: ``name`` and its arguments; a learning rate may be a declared schedule."""
    return make_object("optimizers", {config["name"]: {k: v for k, v in config.items() if k != "name"}}, "optimizer")


@contextmanager
def at(path: str) -> Iterator[None]:
    """What Keras refuses becomes one line that begins with the place in the config."""
    try:
        yield
    except FactoryError:
        raise
    except Exception as error:
        raise ConfigError(f"{path}: {one_line(error)}") from error


def find_class(space: str, name: str, path: str) -> Any:
    """The class or function of this name."""
    own = own_class(space, name)
    if own is not None:
        return own
    if catalog.load().entry(space, name) is None:
        raise ConfigError(wrong(path, name, f"a name of keras' {space}", catalog.load().names(space)))
    return getattr(keras.optimizers.schedules if space == "schedules" else getattr(keras, space), name)


def make_object(space: str, declaration: Declaration, path: str, name: str | None = None) -> Any:
    """The declared object; ``name`` is given to those that have one."""
    word, arguments = parse(declaration)
    found = find_class(space, word, path)
    place = f"{path}.{word}"
    made = {key: _value(key, value, f"{place}.{key}", name) for key, value in arguments.items()}
    with at(place):
        return found(**made, **({} if name is None else {"name": name}))


def _value(key: str, value: Any, path: str, owner: str | None) -> Any:
    """One argument: a declaration where its name says so, otherwise the value itself."""
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
        return [make_object(space, one, f"{path}.{place}", f"{owner}_{key}_{place}") for place, one in enumerate(value)]
    return make_object(space, value, path, f"{owner}_{key}" if space == "layers" else None)
