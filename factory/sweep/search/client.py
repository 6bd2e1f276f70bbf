"""PARENT: the client of the study's process."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Any

from factory.core.errors import FactoryError, revive_error
from factory.core.process import Child, ending


class StudyClient:
    """A thread-safe client that sends one request at a time; `close` may be called while a request waits."""

    def __init__(self) -> None:
        self.child = Child("factory.sweep.search.study", variables={"OMP_NUM_THREADS": "1"})  # leave cores to jobs
        self.closed = False
        self.lock = threading.Lock()

    def call(self, do: str, **fields: Any) -> dict[str, Any]:
        """Send a request and return its answer; `factory.sweep.search.study` lists both.

        Args:
            do: name of the request.
            fields: its arguments.

        Raises:
            FactoryError: the process answered with this error, in its class, or has ended.
        """
        with self.lock:
            line = self.answer({"do": do, **fields})
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise revive_error(answer["error"], answer["message"])
        return answer

    def answer(self, request: Mapping[str, Any]) -> str:
        """Send a request and return the line that answers it.

        Raises:
            FactoryError: the process has ended.
        """
        if self.closed:
            raise FactoryError("search: the study's process was ended")
        self.child.send(request)
        if line := self.child.read_line():
            return line
        raise FactoryError(f"search: the study's process {ending(self.child.wait())}: {self.child.last_log_line()}")

    def close(self) -> None:
        """End the process at once; nothing is lost, since its state is in the study's storage."""
        self.child.kill()
        self.child.wait()
        with self.lock:
            self.closed = True
            self.child.close()
