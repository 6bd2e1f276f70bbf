"""SHARED: Errors of the file system as one line of ours that names the file or folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from factory.core.errors import ConfigError, FactoryError
from factory.core.messages import wrong

LONGEST = 120  # characters of a file's name in a message


@contextmanager
def refusals_as(kind: type[FactoryError], what: str, folder: str | Path = "") -> Iterator[None]:
    """Turn an OSError inside this context into an error of ours.

    Args:
        kind: class of our error.
        what: what could not be done; the line begins with it.
        folder: the folder that ``what`` names already.

    Raises:
        FactoryError: of class ``kind``, ``<what>: <file>: <the system's words>``.
    """
    try:
        yield
    except OSError as error:
        raise kind(f"{what}: {reason(error, folder)}") from error


def writable(folder: Path, key: str = "hydra.run.dir") -> AbstractContextManager[None]:
    """Turn an OSError inside this context into the refusal of a run's or a sweep's folder.

    Raises:
        ConfigError: the folder cannot be made or written; names it and the key of the config that gave it.
    """
    return refusals_as(ConfigError, wrong(key, str(folder), "a folder that can be made and written"), folder)


def reason(error: OSError, folder: str | Path = "") -> str:
    """Return the system's message, after the name of the file unless it lies in a folder that is named already.

    >>> reason(FileExistsError(17, "File exists", "outputs"))
    'outputs: is no folder'
    """
    words = "is no folder" if isinstance(error, FileExistsError | NotADirectoryError) else error.strerror or str(error)
    name = str(error.filename or "")
    if not name or (folder and Path(name).is_relative_to(folder)):
        return words
    return f"{name if len(name) <= LONGEST else '…' + name[-LONGEST:]}: {words}"
