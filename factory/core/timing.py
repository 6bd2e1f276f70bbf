"""SHARED: Where each second of a run went."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any


class Clock:
    """Timings of ``name``, ``start`` (seconds since 1970) and ``seconds``."""

    def __init__(self) -> None:
        self.timings: list[dict[str, Any]] = []

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        start = time.time()
        yield
        self.add(name, start, time.time() - start)

    @contextmanager
    def broken_off(self, name: str) -> Iterator[None]:
        """A timing only where its work is broken off: then it has none of its own to tell."""
        start = time.time()
        try:
            yield
        except BaseException:
            self.add(f"{name}: broken off", start, time.time() - start)
            raise

    def add(self, name: str, start: float, seconds: float) -> None:
        self.timings.append({"name": name, "start": round(start, 4), "seconds": round(seconds, 4)})

    def extend(self, prefix: str, timings: Iterable[Mapping[str, Any]]) -> None:
        self.timings += [{**timing, "name": f"{prefix}: {timing['name']}"} for timing in timings]
