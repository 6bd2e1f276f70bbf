"""SHARED: Files that a config names, checked to exist."""

from __future__ import annotations

import glob
import os
from collections.abc import Collection
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


def find_files(path: str, key: str, suffixes: Collection[str]) -> list[Path]:
    """Return the file that a config names, or the part files of a folder or pattern, in the order of their names.

    Args:
        path: of a file; of a folder, whose files of these suffixes are the parts; or a pattern such as ``2024/*.csv``,
            where ``**`` stands for any folders.
        key: the config path that holds it, for the error.
        suffixes: with their dots; a part file may have ``.gz`` after it.

    Raises:
        MissingFile: there is no such file, or the folder or pattern has none.
    """
    if is_pattern(path):
        named = glob.glob(os.path.expanduser(path), recursive=True)
        found = sorted(file for name in named if (file := Path(name)).is_file())
        if not found:
            raise MissingFile(wrong(key, path, "a pattern that some file matches"))
        return found
    if is_folder(path):
        folder = Path(path).expanduser()
        found = sorted(file for file in folder.rglob("*") if _is_part(file, folder, suffixes))
        if not found:
            raise MissingFile(wrong(key, path, f"a folder that holds part files: {', '.join(suffixes)}"))
        return found
    return [require_file(path, key)]


def is_pattern(path: str) -> bool:
    """Return whether a path is a pattern, and not the name of a file with an asterisk in it."""
    return glob.has_magic(path) and "\0" not in path and not os.path.exists(os.path.expanduser(path))


def is_folder(path: str) -> bool:
    """Return whether a path is that of a folder, False also where no system could hold it."""
    return "\0" not in path and os.path.isdir(os.path.expanduser(path))


def _is_part(file: Path, folder: Path, suffixes: Collection[str]) -> bool:
    """Return whether a file in a folder is one of its parts: of these suffixes, not hidden, not ``_SUCCESS``."""
    hidden = any(part.startswith((".", "_")) for part in file.relative_to(folder).parts)
    return not hidden and file.is_file() and file.name.removesuffix(".gz").endswith(tuple(suffixes))
