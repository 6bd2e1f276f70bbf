"""SHARED: what a file system refuses, as one line of ours that names the file or folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from factory.core.errors import ConfigError, FactoryError
from factory.core.messages import wrong

LONGEST = 120  # characters of a name in a line


@contextmanager
def refusals_as(kind: type[FactoryError], what: str, folder: str | Path = "") -> Iterator[None]:
    """Turn an OSError inside into an error of ours.

    Args:
        kind: of the error.
        what: could not be done; the line begins with it.
        folder: that ``what`` names.

    Raises:
        FactoryError: of class ``kind``, ``<what>: <file>: <the system's words>``.
    """
    try:
        yield
    except OSError as error:
        raise kind(f"{what}: {reason(error, folder)}") from error


def writable(folder: Path, key: str = "hydra.run.dir") -> AbstractContextManager[None]:
    """Refuse the folder of a run or a sweep where an OSError inside shows that it cannot be used.

    Raises:
        ConfigError: one line that names it and the key of the config that gave it.
    """
    return refusals_as(ConfigError, wrong(key, str(folder), "a folder that can be made and written"), folder)


def reason(error: OSError, folder: str | Path = "") -> str:
    """The system's words, after the name of the file they are about unless that lies in a folder that was named.

    >>> reason(FileExistsError(17, "File exists", "outputs"))
    'outputs: is no folder'
    """
    words = "is no folder" if isinstance(error, FileExistsError | NotADirectoryError) else error.strerror or str(error)
    name = str(error.filename or "")
    if not name or (folder and Path(name).is_relative_to(folder)):
        return words
    return f"{name if len(name) <= LONGEST else '…' + name[-LONGEST:]}: {words}"
