"""SHARED: Reading of text and JSON files that anybody may have edited, with errors that name the file."""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path
from typing import Any

from factory.core.errors import ConfigError
from factory.core.foreign_errors import first_line
from factory.core.messages import wrong

LARGEST = 64 * 2**20  # bytes; what we write is smaller by far
HALF_CHARACTER = re.compile(r"\\u[dD][89a-fA-F]")
"""JSON's escape of one half of a surrogate pair, which alone cannot be encoded or printed."""


def read_text(path: Path) -> str | None:
    """Return the text of a file in UTF-8, None where there is no file.

    Raises:
        ConfigError: it is not a regular file (a folder, a pipe, a device), too large, not UTF-8, or cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))  # a pipe would wait for its writer
        with open(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise ConfigError(f"{path}: is no file")
            if status.st_size > LARGEST:
                raise ConfigError(f"{path}: got {status.st_size:,} bytes; takes at most {LARGEST:,}")
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
        text: JSON.
        where: the path of the file, with the line where each line is an object; for the error.

    Raises:
        ConfigError: the text is not a JSON object.
    """
    try:
        content = json.loads(text)
        if HALF_CHARACTER.search(text):
            json.dumps(content, ensure_ascii=False).encode()  # raises for a half that is alone
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else first_line(error)
        raise ConfigError(f"{where}: takes a JSON object, and this is none: {reason[:200]}") from error
    if not isinstance(content, dict):
        raise ConfigError(wrong(where, content, "a JSON object"))
    return content
