"""SHARED: Atomic writing, reading, hashing and measuring of files and folders."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from factory.core.reading import json_object, read_text
from factory.core.removal import remove_inside

SCRATCH = ".making-"
"""Prefix of temporary files and folders, which readers ignore."""


@contextmanager
def replacing_file(path: Path) -> Iterator[Path]:
    """Yield a temporary file beside ``path`` that takes its place when the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=SCRATCH, suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        os.chmod(temporary, 0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def replacing_folder(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder beside ``folder`` that takes its place when the block ends without an error."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=SCRATCH))
    try:
        yield temporary
        os.chmod(temporary, 0o755)
        move_folder(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def move_folder(source: Path, destination: Path) -> None:
    """Move a folder to a place on the same file system, over an older one of the same name."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    remove_inside(destination, inside=destination.parent)
    source.rename(destination)


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8, atomically."""
    with replacing_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, fields: Mapping[str, Any]) -> None:
    """Write a JSON object to a file, atomically."""
    write_text(path, json.dumps(fields, indent=2, ensure_ascii=False) + "\n")


def read_json(path: Path) -> dict[str, Any] | None:
    """Return the JSON object in a file, None where there is no such file.

    Raises:
        ConfigError: it holds something other than a JSON object, or cannot be read.
    """
    text = read_text(path)
    return None if text is None else json_object(text, str(path))


def sha256(path: Path, but: str = "") -> str:
    """Return the SHA-256 (hexadecimal) of a file, or of a folder's file names and contents in sorted order.

    Args:
        path: of the file or folder.
        but: relative path of a file in the folder that does not count.
    """
    if path.is_file():
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    digest = hashlib.sha256()
    for part in sorted(p for p in path.rglob("*") if p.is_file()):
        name = part.relative_to(path).as_posix()
        if name != but:
            digest.update(f"{name} {sha256(part)}\n".encode())
    return digest.hexdigest()


def has_digest(path: Path, digest: str) -> bool:
    """Return whether a file or folder exists and has the recorded SHA-256."""
    return path.exists() and sha256(path) == digest


def key_of(*facts: Any) -> str:
    """Return the SHA-256 (hexadecimal) of JSON-able facts, independent of the order of keys."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()


def size(path: Path | str) -> int:
    """Return the bytes in a file or folder; links count as nothing."""
    if not os.path.isdir(path):
        return os.path.getsize(path) if os.path.isfile(path) else 0
    total, folders = 0, [str(path)]
    while folders:
        with os.scandir(folders.pop()) as entries:  # a list of thousands of runs looks at each of their files
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                elif entry.is_file(follow_symlinks=False):
                    total += entry.stat().st_size
    return total


def send_output_to(log: Path) -> None:
    """Send this process's stdout and stderr, Python's and the frameworks', to the end of a file."""
    log.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
