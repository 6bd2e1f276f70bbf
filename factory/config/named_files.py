"""SHARED: Files that a config names."""

from __future__ import annotations

from pathlib import Path

from factory.core.errors import MissingFile
from factory.core.messages import wrong


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
