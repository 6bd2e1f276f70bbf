"""PARENT: JSON lines to a process that may be gone; one that is says so by other ways, never by a broken pipe."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import IO, Any


def send(pipe: IO[Any] | None, message: Mapping[str, Any]) -> None:
    """Write one message."""
    with suppress(BrokenPipeError):
        if pipe:
            pipe.write((json.dumps(message) + "\n").encode())
            pipe.flush()


def close(pipes: Iterable[IO[Any] | None]) -> None:
    """Close what is open; what a process that is gone did not take is lost with it."""
    for pipe in pipes:
        with suppress(BrokenPipeError):
            if pipe:
                pipe.close()
