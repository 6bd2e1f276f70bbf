"""SHARED: Errors of other libraries, in one line each."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator

STYLE = re.compile(r"\x1b\[[0-9;]*m")
FRAME = re.compile(r"Exception encountered when calling |\[\[|[•*] |[\W_]*$")
"""Lines that are no message: where in Keras or TensorFlow it happened, lists, rulers."""
TAIL = re.compile(
    r"Arguments received by |CUDA kernel errors might be |Hint: |\((Background on this|Refer to the full) "
)
"""From here on Keras lists arguments, and PyTorch, TensorFlow, SQLAlchemy and the ONNX exporter give advice."""


def in_one_line(error: BaseException) -> str:
    """Return another library's error in one line: its class and last message line, or where it was raised.

    >>> in_one_line(ValueError("while building:\\n  no such axis\\n"))
    'ValueError: no such axis'
    """
    *_, last = "", *meaningful(str(error))
    if last:
        return f"{type(error).__name__}: {last}"
    frames = traceback.extract_tb(error.__traceback__)
    origin = f", raised in {frames[-1].filename}, line {frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{origin}"


def meaningful(text: str) -> Iterator[str]:
    """Yield the lines of a message that say what is wrong."""
    for line in STYLE.sub("", text).splitlines():
        if TAIL.match(line.strip()):
            return
        if not FRAME.match(line.strip()):
            yield line.strip()
