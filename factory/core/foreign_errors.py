"""SHARED: Errors of other libraries, in one line each."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator

STYLE = re.compile(r"\x1b\[[0-9;]*m")
LONGEST = 400  # characters of another library's message
NOTHING = re.compile("$.")  # matches no line
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


def one_line(error: BaseException) -> str:
    r"""Return the message of a library's error in one line, without colours and Keras' lists of arguments.

    >>> one_line(ValueError("Exception encountered when calling Dense.call().\n\n\x1b[1mno such\x1b[0m\naxis"))
    'no such axis'
    """
    text = STYLE.sub("", str(error)).split("\n\nArguments received by")[0]
    text = re.sub(r"^Exception encountered when calling .*\n", "", text)
    text = " ".join(text.split()) or type(error).__name__
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def first_line(error: BaseException, noise: re.Pattern[str] = NOTHING) -> str:
    """Return the first line of an error's message, the name of its class where it has none.

    Args:
        error: of a library, whose message may have many lines.
        noise: matches lines to skip.
    """
    lines = (line.strip() for line in str(error).splitlines())
    return next((line for line in lines if line and not noise.match(line)), type(error).__name__)


def root_cause(error: BaseException) -> BaseException:
    """Return the error that caused all others, such as the refused connection behind many retries."""
    while deeper := error.__cause__ or (None if error.__suppress_context__ else error.__context__):
        error = deeper
    return error


def class_and_line(error: BaseException, noise: re.Pattern[str] = NOTHING) -> str:
    """Return the name of an error's class and, where it has a message, the first line of it.

    >>> class_and_line(ValueError("no such op"))
    'ValueError: no such op'
    """
    name, line = type(error).__name__, first_line(error, noise)
    return name if line == name else f"{name}: {line}"
