"""Runs under one backend: loads every hostile file and the sound one, and says what came of it. JSON out."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
from keras.src.saving.serialization_lib import serialize_with_public_class

from factory.config.catalog import catalog
from factory.config.catalog.harvest import MODULES
from factory.core.errors import ExportError
from factory.models.keras_file import naming
from factory.models.keras_file.load import load_keras_file
from tests.models.keras_file.hostile import CASES, numbers

TOLD = (
    "socket.",
    "subprocess.",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "pickle.",
    "marshal.",
    "code.",
    "ctypes.dlopen",
)
happened: list[str] = []
listening = False


def listen(event: str, arguments: tuple[Any, ...]) -> None:
    if listening and event == "open" and isinstance(arguments[0], str | bytes):
        happened.append(os.fsdecode(arguments[0]))
    if listening and event.startswith(TOLD) and not event.startswith(("marshal.loads", "code.__new__")):
        happened.append(event)


@contextmanager
def heard() -> Iterator[None]:
    """Notes files that are opened, sockets and processes while it lasts."""
    global listening
    happened.clear()
    listening = True
    try:
        yield
    finally:
        listening = False


def sound(path: Path) -> None:
    x = keras.Input((4,), name="x")
    y = keras.layers.Dense(3, activation="softmax", name="y")(x)
    keras.Model({"x": x}, {"y": y}).save(path)


def attempt(path: Path) -> dict[str, Any]:
    with heard():
        try:
            load_keras_file(path)
            said = None
        except ExportError as error:
            said = str(error)
    return {"said": said, "happened": [*happened]}


def not_allowed() -> list[str]:
    """What a declaration may name, saved by Keras, and would not be loaded again."""
    found = []
    for space in naming.MODULES:
        for name in catalog.load_catalog().names(space):
            declared = getattr(MODULES[space], name)
            make = serialize_with_public_class if isinstance(declared, type) else keras.saving.serialize_keras_object
            if not naming.allowed(make(declared)):
                found.append(f"{space}: {name}")
    return found


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        good = Path(scratch) / "good.keras"
        sound(good)
        with zipfile.ZipFile(good) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        load_keras_file(good)  # imports what loading imports
        found: dict[str, Any] = {"sound": attempt(good)}
        for name, (make, _) in CASES.items():
            path = Path(scratch) / f"{name}.keras"
            make(path, members)
            found[name] = attempt(path)
        path = Path(scratch) / "other.keras"
        numbers(lambda file: file.create_group("layers"))(path, members)
        found["weights of another model"] = attempt(path)
        json.dump({**found, "not allowed": not_allowed()}, sys.stdout)


if __name__ == "__main__":
    sys.addaudithook(listen)
    main()
