"""PARENT: stdout and stderr that may fail, at no run's expense: a reader leaves, the disk of a log is full."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

from factory.core.disk import reason


class Patient:
    """A text stream that takes no more once it has failed; all else is the stream's own.

    Args:
        stream: with a file descriptor below it, or none.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.failure: OSError | None = None

    def write(self, text: str) -> int:
        try:
            return self.stream.write(text)
        except OSError as error:
            self.give_up(error)
            return len(text)

    def flush(self) -> None:
        try:
            self.stream.flush()
        except OSError as error:
            self.give_up(error)

    def give_up(self, error: OSError) -> None:
        """Let the rest, and what the stream still holds, go nowhere."""
        self.failure = error
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.stream.fileno())
        os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


class Output:
    """Both streams of one command."""

    def __init__(self, out: Patient | None) -> None:
        self.out = out

    def lost(self) -> str | None:
        """The line about words that were lost; None where none were, or where their reader had enough."""
        if self.out is None:
            return None
        self.out.flush()
        failure = self.out.failure
        if failure is None or failure.errno == errno.EPIPE:
            return None
        return f"stdout: {reason(failure)}: what was to be printed from there on is lost"


@contextmanager
def patient() -> Iterator[Output]:
    """Put streams that may fail in the place of ``sys.stdout`` and ``sys.stderr``, which are None where closed."""
    before = sys.stdout, sys.stderr
    out, err = (Patient(stream) if stream else None for stream in before)
    sys.stdout, sys.stderr = cast(TextIO, out), cast(TextIO, err)
    try:
        yield Output(out)
    finally:
        for stream in filter(None, (out, err)):
            stream.flush()
        sys.stdout, sys.stderr = before
