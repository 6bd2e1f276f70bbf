"""SHARED: a file that anybody may have edited → its text or its JSON object, or one line that names the file."""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path
from typing import Any

from factory.core.errors import ConfigError
from factory.core.messages import wrong

LARGEST = 64 * 2**20  # bytes; what we write is smaller by far
HALF_CHARACTER = re.compile(r"\\u[dD][89a-fA-F]")
"""JSON's escape of one half of a character beyond 16 bits; alone it is a text that nothing can print."""


def read_text(path: Path) -> str | None:
    """Return the text of a file, None where there is none.

    Raises:
        ConfigError: it is no file (a folder, a pipe, a device), is too large, is no UTF-8, or cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))  # a pipe would wait for its writer
        with open(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise ConfigError(f"{path}: is no file")
            if found.st_size > LARGEST:
                raise ConfigError(f"{path}: got {found.st_size:,} bytes; takes at most {LARGEST:,}")
            return file.read().decode()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: byte {error.start} is no UTF-8 text") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from error


def json_object(text: str, where: str) -> dict[str, Any]:
    """Return the JSON object in a text.

    Args:
        text: all of it.
        where: the file, and the line where it has one each.

    Raises:
        ConfigError: it is anything else.
    """
    try:
        found = json.loads(text)
        if HALF_CHARACTER.search(text):
            json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error).partition("\n")[0]
        raise ConfigError(f"{where}: takes a JSON object, and this is none: {reason[:200]}") from error
    if not isinstance(found, dict):
        raise ConfigError(wrong(where, found, "a JSON object"))
    return found
