"""SHARED: Timings: where each second of a run went."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any


class Clock:
    """A list of timings: ``name``, ``start`` (seconds since 1970) and ``seconds``."""

    def __init__(self) -> None:
        self.timings: list[dict[str, Any]] = []

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Time the work inside this context; add nothing where it raises."""
        start = time.time()
        yield
        self.add(name, start, time.time() - start)

    @contextmanager
    def broken_off(self, name: str) -> Iterator[None]:
        """Time the work inside this context only where it raises; else it adds timings of its own."""
        start = time.time()
        try:
            yield
        except BaseException:  # Ctrl-C breaks it off as well; it is raised again
            self.add(f"{name}: broken off", start, time.time() - start)
            raise

    def add(self, name: str, start: float, seconds: float) -> None:
        """Add a timing, rounded to 0.1 ms."""
        self.timings.append({"name": name, "start": round(start, 4), "seconds": round(seconds, 4)})

    def extend(self, prefix: str, timings: Iterable[Mapping[str, Any]]) -> None:
        """Add timings of another clock, their names after a prefix."""
        self.timings += [{**timing, "name": f"{prefix}: {timing['name']}"} for timing in timings]
