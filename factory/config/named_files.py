"""SHARED: Files that a config names, checked to exist."""

from __future__ import annotations

from pathlib import Path

from factory.core.errors import MissingFile
from factory.core.messages import wrong


def require_file(path: str, key: str) -> Path:
    """Return the path of a file that a config names, ``~`` expanded, if it exists.

    Args:
        path: the value in the config.
        key: the config path that holds it, for the error.

    Raises:
        MissingFile: there is no such file; suggests the nearest name in its folder.
    """
    try:
        file = Path(path).expanduser()
        exists, folder = file.is_file(), file.parent
        folder_exists = folder.is_dir()
    except (OSError, RuntimeError, ValueError) as error:  # too long, no such user behind a ~, a NUL
        raise MissingFile(wrong(key, path, "a file that exists")) from error
    if exists:
        return file
    if not folder_exists:
        raise MissingFile(wrong(key, path, f"a file that exists, and there is no folder {folder}"))
    names = {str(folder / other.name) if folder.name else other.name for other in folder.iterdir() if other.is_file()}
    raise MissingFile(wrong(key, path, "a file that exists", names))
