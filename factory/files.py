"""Files that a config names, and the data files that come with scikit-learn."""

from __future__ import annotations

import gzip
import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from factory.errors import MissingFile, MissingPackage
from factory.faults import wrong


def existing(path: str, key: str) -> Path:
    """The file of this path.

    Args:
        path: as the config has it.
        key: the config path that holds it, for the error.

    Raises:
        MissingFile: there is none; says the nearest name in its folder.
    """
    try:
        file = Path(path).expanduser()
        found, folder = file.is_file(), file.parent
        there = folder.is_dir()
    except (OSError, RuntimeError, ValueError) as error:  # too long, no such user behind a ~, a NUL
        raise MissingFile(wrong(key, path, "a file that exists")) from error
    if found:
        return file
    if not there:
        raise MissingFile(wrong(key, path, f"a file that exists, and there is no folder {folder}"))
    names = {str(folder / other.name) if folder.name else other.name for other in folder.iterdir() if other.is_file()}
    raise MissingFile(wrong(key, path, "a file that exists", names))


def require_data(data: Mapping[str, Any]) -> None:
    """Refuse a ``data`` node whose files are not there: known at once, where reading them waits for a framework.

    Raises:
        MissingFile: as `existing` does.
    """
    named = {"data.path": data.get("path"), "data.split.file": (data.get("split") or {}).get("file")}
    for key, path in named.items():
        if isinstance(path, str) and "://" not in path and not os.path.isdir(path):
            existing(path, key)


def bundled(name: str) -> str:
    """The text of a data file inside the installed scikit-learn, which itself is not imported (0.6 s with 1.9).

    Raises:
        MissingPackage: scikit-learn is not installed.
    """
    spec = find_spec("sklearn")
    if spec is None or not spec.submodule_search_locations:
        raise MissingPackage("data.source: takes scikit-learn for its data files; pip install 'factory[data]'")
    file = Path(spec.submodule_search_locations[0]) / "datasets" / "data" / name
    packed = file.read_bytes()
    return (gzip.decompress(packed) if file.suffix == ".gz" else packed).decode()
