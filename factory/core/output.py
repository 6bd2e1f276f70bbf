"""PARENT: Standard output and error that may fail without failing the run, as when a pipe closes or a disk is full."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

from factory.core.disk import reason


class TolerantStream:
    """A text stream that discards all output once a write has failed; else it behaves as its stream does.

    Args:
        stream: the stream; its file descriptor is redirected once it has failed.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.failure: OSError | None = None

    def write(self, text: str) -> int:
        """Write a text; discard it and what follows where the stream fails."""
        try:
            return self.stream.write(text)
        except OSError as error:
            self.give_up(error)
            return len(text)

    def flush(self) -> None:
        """Flush the stream; discard what it holds where it fails."""
        try:
            self.stream.flush()
        except OSError as error:
            self.give_up(error)

    def give_up(self, error: OSError) -> None:
        """Send the rest, and what the stream still holds, to the null device."""
        self.failure = error
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.stream.fileno())
        os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


class Output:
    """The standard output of one command, and whether some of it was lost."""

    def __init__(self, out: TolerantStream | None) -> None:
        self.out = out

    def lost(self) -> str | None:
        """Return the line that reports lost output; None where none was lost, or where its reader closed the pipe."""
        if self.out is None:
            return None
        self.out.flush()
        failure = self.out.failure
        if failure is None or failure.errno == errno.EPIPE:
            return None
        return f"stdout: {reason(failure)}: what was to be printed from there on is lost"


@contextmanager
def tolerant_output() -> Iterator[Output]:
    """Put streams that may fail in the place of ``sys.stdout`` and ``sys.stderr``, which are None where closed."""
    before = sys.stdout, sys.stderr
    out, err = (TolerantStream(stream) if stream else None for stream in before)
    sys.stdout, sys.stderr = cast(TextIO, out), cast(TextIO, err)
    try:
        yield Output(out)
    finally:
        for stream in filter(None, (out, err)):
            stream.flush()
        sys.stdout, sys.stderr = before
