"""PARENT: our end of the study's process."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Any

from factory.core.errors import FactoryError, revived
from factory.core.process import Child, ending


class StudyClient:
    """Asks one thing after the other; safe to use from several threads. `close` may be called while one waits."""

    def __init__(self) -> None:
        self.child = Child("factory.sweep.search.study", variables={"OMP_NUM_THREADS": "1"})  # the cores are the jobs'
        self.closed = False
        self.lock = threading.Lock()

    def call(self, do: str, **fields: Any) -> dict[str, Any]:
        """The answer to one request; see `factory.sweep.search.study`.

        Raises:
            FactoryError: of the class that the process says, or it is gone.
        """
        with self.lock:
            line = self.answer({"do": do, **fields})
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise revived(answer["error"], answer["message"])
        return answer

    def answer(self, request: Mapping[str, Any]) -> str:
        if self.closed:
            raise FactoryError("search: the study's process was ended")
        self.child.send(request)
        if line := self.child.read_line():
            return line
        raise FactoryError(f"search: the study's process {ending(self.child.wait())}: {self.child.last_words()}")

    def close(self) -> None:
        """End the process at once; what it knows is in the study's storage."""
        self.child.kill()
        self.child.wait()
        with self.lock:
            self.closed = True
            self.child.close()
