"""SHARED: what the installed keras offers, as data, so that the parent knows it without importing keras.

One file for each keras version in this folder. For a version that has none it is made once, in a process of
its own, and kept in the user's cache folder.

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
    """One constructor argument.

    Args:
        takes: names of kinds (``int``, ``ints``, ``choice``, ``initializers`` …); a value must be one of them.
        choices: the words that ``choice`` allows.
        default: Keras' own, None too where it cannot be written in JSON.
        required: there is no default.
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
    """One class or function that a declaration may name.

    Args:
        args: its arguments by name.
        needs: a framework that it runs on whatever the backend, such as ``tensorflow`` for string lookups.
    """

    args: Mapping[str, Argument]
    needs: str | None = None


class Catalog:
    """Every name a declaration may use, by namespace (``layers``, ``optimizers``, ``schedules``, ``losses`` …).

    Args:
        spaces: ``{namespace: {name: {"args": {...}, "needs": ...}}}`` as it lies on disk.
    """

    def __init__(self, spaces: Mapping[str, Mapping[str, Any]]) -> None:
        self._spaces = spaces

    def names(self, space: str) -> list[str]:
        return list(self._spaces[space])

    def entry(self, space: str, name: str) -> Entry | None:
        """What ``name`` takes, None where this keras has no such name or a declaration may not use it."""
        found = self._spaces[space].get(name)
        return None if found is None else _entry(found)


def _entry(fields: Mapping[str, Any]) -> Entry:
    arguments = {}
    for name, argument in fields["args"].items():
        lists = {key: tuple(argument[key]) for key in ("takes", "choices") if key in argument}
        arguments[name] = Argument(**{**argument, **lists})
    return Entry(arguments, fields.get("needs"))


@functools.cache
def load() -> Catalog:
    """The catalog of the installed keras; keras itself is not imported.

    Raises:
        MissingPackage: keras is not installed.
        ConfigError: there is no file for this version and none could be made.
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
    """``$XDG_CACHE_HOME/factory``, by default ``~/.cache/factory``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "factory"


def _make(path: Path) -> None:
    """Let another process read the installed keras: this one must stay free of frameworks."""
    command = [sys.executable, "-m", "factory.config.catalog.harvest", str(path)]
    made = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **_backend()}, check=False)
    if made.returncode != 0:
        reason = (made.stderr.strip().splitlines() or ["no message"])[-1]
        raise ConfigError(f"no catalog for this keras, and none could be made: {reason}")


def _backend() -> dict[str, str]:
    found = any_backend()
    return {"KERAS_BACKEND": found} if found else {}


def any_backend() -> str | None:
    """An installed backend, the quickest to import first: for what is the same under each."""
    return next((backend for backend in BACKENDS if find_spec(backend)), None)


def write(fields: Mapping[str, Any], path: Path) -> None:
    """One line for each class, so that a new keras shows as a readable diff; whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(to_text(fields), encoding="utf-8")
    temporary.replace(path)


def to_text(fields: Mapping[str, Any]) -> str:
    blocks = [f'"keras": {json.dumps(fields["keras"])}']
    for space, entries in fields.items():
        if space != "keras":
            rows = ",\n".join(f"  {json.dumps(name)}: {json.dumps(entry)}" for name, entry in entries.items())
            blocks.append(f'"{space}": {{\n{rows}\n}}')
    return "{\n" + ",\n".join(blocks) + "\n}\n"


if __name__ == "__main__":
    _make(Path(sys.argv[1]) if len(sys.argv) > 1 else COMMITTED / f"keras-{version('keras')}.json")
