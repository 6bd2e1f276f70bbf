"""SHARED: Where each second of a run went."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any


class Clock:
    """Laps of ``name``, ``start`` (seconds since 1970) and ``seconds``."""

    def __init__(self) -> None:
        self.laps: list[dict[str, Any]] = []

    @contextmanager
    def lap(self, name: str) -> Iterator[None]:
        start = time.time()
        yield
        self.add(name, start, time.time() - start)

    @contextmanager
    def broken_off(self, name: str) -> Iterator[None]:
        """A lap only where its work is broken off: then it has no laps of its own to tell."""
        start = time.time()
        try:
            yield
        except BaseException:
            self.add(f"{name}: broken off", start, time.time() - start)
            raise

    def add(self, name: str, start: float, seconds: float) -> None:
        self.laps.append({"name": name, "start": round(start, 4), "seconds": round(seconds, 4)})

    def extend(self, prefix: str, laps: Iterable[Mapping[str, Any]]) -> None:
        self.laps += [{**lap, "name": f"{prefix}: {lap['name']}"} for lap in laps]
