"""The parent's end of the study's process."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from tempfile import TemporaryFile
from typing import IO, Any

from factory.core.errors import FactoryError, revived
from factory.execution import lines
from factory.execution.environment import PACKAGE_PARENT
from factory.execution.local import ending, last_words


class Asker:
    """Asks one thing after the other; safe to use from several threads. `close` may be called while one waits."""

    def __init__(self) -> None:
        path = os.pathsep.join(filter(None, (PACKAGE_PARENT, os.environ.get("PYTHONPATH"))))
        self.log: IO[bytes] = TemporaryFile()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "factory.sweep.search.study"],
            env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},  # the cores are the jobs'
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            start_new_session=True,  # Ctrl-C reaches the parent alone
            text=True,
        )
        self.lock = threading.Lock()

    def call(self, do: str, **fields: Any) -> dict[str, Any]:
        """The answer to one request; see `factory.sweep.search.study`.

        Raises:
            FactoryError: of the class that the process says, or it is gone.
        """
        with self.lock:
            line = self.answer(json.dumps({"do": do, **fields}))
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise revived(answer["error"], answer["message"])
        return answer

    def answer(self, request: str) -> str:
        pipe, back = self.process.stdin, self.process.stdout
        if pipe is None or back is None or back.closed:
            raise FactoryError("search: the study's process was ended")
        with contextlib.suppress(BrokenPipeError):
            pipe.write(f"{request}\n")
            pipe.flush()
        line = back.readline()
        if not line:
            raise FactoryError(f"search: the study's process {ending(self.process.wait())}: {last_words(self.log)}")
        return line

    def close(self) -> None:
        """End the process at once; what it knows is in the study's storage."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        with self.lock:
            lines.close((self.process.stdin, self.process.stdout, self.log))
