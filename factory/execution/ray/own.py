"""PARENT: a Ray of the sweep's own, in processes that end with ours. Starts before Ray is imported here."""

from __future__ import annotations

import os
import secrets

from factory.core.errors import FactoryError
from factory.core.process import Child

LEAN = {"RAY_prestart_worker_first_driver": "0", "RAY_enable_worker_prestart": "0"}  # processes nothing would run in


class OwnRay:
    """A Ray for this sweep alone: see `ray_head`.

    Args:
        cpus: it offers; more than there are where more stages at a time were asked for.

    Raises:
        FactoryError: it did not start.
    """

    def __init__(self, cpus: int) -> None:
        os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=secrets.token_hex(32))
        self.child = Child("factory.execution.ray.head", str(cpus), variables=LEAN)

    def address(self) -> str:
        if line := self.child.read_line():
            return line
        self.child.wait()
        raise FactoryError(f"Ray did not start on this machine: {self.child.last_words()}")

    def end(self) -> None:
        self.child.end_input()
        self.child.wait()
        self.child.close()
