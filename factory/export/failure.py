"""CHILD: Conversion of the long messages of converters and runtimes to errors of one line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from factory.core.errors import ExportError, FactoryError
from factory.core.foreign_errors import class_and_line

NOISE = re.compile(
    r"^(Exception from |FrontEnd API failed|Model wasn't fully converted|Check '.*' failed at |Traceback |File \")"
    r"|^[\s#^=*-]*$"
)
LIMIT = 160  # characters


def gist(error: BaseException) -> str:
    """Return class and first telling line of an error, at most 160 characters.

    >>> gist(ValueError("Exception from core.cpp:90:\\nno such op"))
    'ValueError: no such op'
    """
    return class_and_line(error, NOISE)[:LIMIT]


@contextmanager
def failing(what: str) -> Iterator[None]:
    """Turn whatever a converter or runtime raises inside into one line, the cause chained.

    Args:
        what: what could not be done, such as ``no ONNX file was written``.

    Raises:
        ExportError: ``<what>: <the first telling line of the converter's message>``.
    """
    try:
        yield
    except FactoryError:
        raise
    except Exception as error:  # converters and runtimes may raise anything
        raise ExportError(f"{what}: {gist(error)}") from error
