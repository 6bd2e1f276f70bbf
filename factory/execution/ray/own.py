"""PARENT: a Ray of the sweep's own, in processes that end with ours. Starts before Ray is imported here."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from tempfile import TemporaryFile
from typing import IO

from factory.core.errors import FactoryError
from factory.execution.environment import python_path
from factory.execution.local import last_words

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
        self.log: IO[bytes] = TemporaryFile()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "factory.execution.ray.head", str(cpus)],
            env={**os.environ, **LEAN, "PYTHONPATH": python_path()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            start_new_session=True,  # Ctrl-C reaches the parent alone
        )

    def address(self) -> str:
        line = (self.process.stdout.readline() if self.process.stdout else b"").decode().strip()
        if line:
            return line
        self.process.wait()
        raise FactoryError(f"Ray did not start on this machine: {last_words(self.log)}")

    def end(self) -> None:
        self.process.communicate()
        self.log.close()
