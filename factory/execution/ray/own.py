"""PARENT: A Ray of the sweep's own, in processes that end with ours; started before Ray is imported here."""

from __future__ import annotations

import os
import secrets

from factory.core.errors import FactoryError
from factory.core.process import Child

LEAN = {"RAY_prestart_worker_first_driver": "0", "RAY_enable_worker_prestart": "0"}  # idle workers, of no use here


class OwnRay:
    """A Ray for one sweep alone; see `factory.execution.ray.head`.

    Args:
        cpus: number of CPUs it offers; may exceed those of this machine, to run more stages at a time.
    """

    def __init__(self, cpus: int) -> None:
        os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=secrets.token_hex(32))
        self.child = Child("factory.execution.ray.head", str(cpus), variables=LEAN)

    def address(self) -> str:
        """Return the address of this Ray, once it has started.

        Raises:
            FactoryError: it did not start.
        """
        if line := self.child.read_line():
            return line
        self.child.wait()
        raise FactoryError(f"Ray did not start on this machine: {self.child.last_log_line()}")

    def end(self) -> None:
        """End this Ray and wait until it has ended."""
        self.child.end_input()
        self.child.wait()
        self.child.close()
