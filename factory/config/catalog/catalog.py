"""SHARED: The catalog of the installed Keras: its classes and their arguments as data, without importing Keras.

There is one file for each Keras version in this folder. For any other version the catalog is made once, in a process
of its own, and kept in the user's cache folder.

    python -m factory.config.catalog.catalog        # writes keras-<version>.json from the installed keras
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from factory.core.backends import BACKENDS
from factory.core.errors import ConfigError, MissingPackage
from factory.core.installed import version

COMMITTED = Path(__file__).parent


@dataclass(frozen=True)
class Argument:
    """A constructor argument of a Keras class and the values it takes.

    Args:
        takes: kinds of value (``int``, ``ints``, ``choice``, ``initializers`` …); a value must be of one of them.
        choices: the words that ``choice`` allows.
        default: the default of Keras, None also where it cannot be written in JSON.
        required: whether it has no default.
        least: the smallest number allowed.
        below: numbers must be smaller than this.
    """

    takes: tuple[str, ...]
    choices: tuple[str, ...] = ()
    default: Any = None
    required: bool = False
    least: float | None = None
    below: float | None = None


@dataclass(frozen=True)
class Entry:
    """A Keras class or function that a declaration may name, with its arguments.

    Args:
        args: its arguments by name.
        needs: the framework that it runs on whatever the backend, such as ``tensorflow`` for string lookups.
    """

    args: Mapping[str, Argument]
    needs: str | None = None


class Catalog:
    """Every name that a declaration may use, by namespace (``layers``, ``optimizers``, ``schedules``, ``losses`` …).

    Args:
        spaces: ``{namespace: {name: {"args": {...}, "needs": ...}}}`` as in the JSON file.
    """

    def __init__(self, spaces: Mapping[str, Mapping[str, Any]]) -> None:
        self._spaces = spaces

    def names(self, space: str) -> list[str]:
        """Return the names of a namespace in the order of the catalog."""
        return list(self._spaces[space])

    def entry(self, space: str, name: str) -> Entry | None:
        """Return the entry of a name, None where this Keras has no such name or a declaration may not use it."""
        fields = self._spaces[space].get(name)
        return None if fields is None else _entry(fields)


def _entry(fields: Mapping[str, Any]) -> Entry:
    """Return one entry of the JSON file as an `Entry`."""
    arguments = {}
    for name, argument in fields["args"].items():
        lists = {key: tuple(argument[key]) for key in ("takes", "choices") if key in argument}
        arguments[name] = Argument(**{**argument, **lists})
    return Entry(arguments, fields.get("needs"))


@functools.cache
def load_catalog() -> Catalog:
    """Return the catalog of the installed Keras, made on first use for a version that has no file; imports no Keras.

    Raises:
        MissingPackage: keras is not installed.
        ConfigError: there is no catalog of this version and none could be made.
    """
    installed = version("keras")
    if installed is None:
        raise MissingPackage("keras is not installed; pip install keras")
    path = COMMITTED / f"keras-{installed}.json"
    if not path.exists():
        path = cache_folder() / path.name
        if not path.exists():
            _make(path)
    fields = json.loads(path.read_text(encoding="utf-8"))
    return Catalog({space: entries for space, entries in fields.items() if space != "keras"})


def cache_folder() -> Path:
    """Return the user's cache folder: ``$XDG_CACHE_HOME/factory``, by default ``~/.cache/factory``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "factory"


def _make(path: Path) -> None:
    """Write the catalog of the installed Keras in another process: this one must stay free of frameworks."""
    command = [sys.executable, "-m", "factory.config.catalog.harvest", str(path)]
    made = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **_backend()}, check=False)
    if made.returncode != 0:
        reason = (made.stderr.strip().splitlines() or ["no message"])[-1]
        raise ConfigError(f"no catalog for this keras, and none could be made: {reason}")


def _backend() -> dict[str, str]:
    """Return the environment variable that chooses an installed Keras backend, nothing where there is none."""
    backend = any_backend()
    return {"KERAS_BACKEND": backend} if backend else {}


def any_backend() -> str | None:
    """Return an installed Keras backend, the quickest to import first, None where there is none."""
    return next((backend for backend in BACKENDS if find_spec(backend)), None)


def write_catalog(fields: Mapping[str, Any], path: Path) -> None:
    """Write a catalog as JSON, atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(to_text(fields), encoding="utf-8")
    temporary.replace(path)


def to_text(fields: Mapping[str, Any]) -> str:
    """Return a catalog as JSON, one line for each class, so that a new Keras shows as a readable diff."""
    blocks = [f'"keras": {json.dumps(fields["keras"])}']
    for space, entries in fields.items():
        if space != "keras":
            rows = ",\n".join(f"  {json.dumps(name)}: {json.dumps(entry)}" for name, entry in entries.items())
            blocks.append(f'"{space}": {{\n{rows}\n}}')
    return "{\n" + ",\n".join(blocks) + "\n}\n"


if __name__ == "__main__":
    _make(Path(sys.argv[1]) if len(sys.argv) > 1 else COMMITTED / f"keras-{version('keras')}.json")
