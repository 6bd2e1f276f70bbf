"""PARENT: one tracker's process, to which nothing that the parent does ever waits, but at the very end."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from tempfile import TemporaryFile
from typing import Any

from factory.config.nodes import TRACKER
from factory.config.passwords import without_passwords
from factory.launchers import lines
from factory.launchers.environment import PACKAGE_PARENT
from factory.launchers.local import ending, last_words
from factory.printable import tell

OPTIONS = "FACTORY_TRACKER"  # may hold a password: everybody sees the arguments of a process, its user its variables
COSTS_NOTHING = "not recorded there; the run is not affected"


class Process:
    """Started at once, so that it imports while the run's own processes do.

    Args:
        node: ``tracker`` of a config.
    """

    def __init__(self, node: Mapping[str, Any]) -> None:
        self.kind, self.patience = node["kind"], float(node["patience"])
        options = {key: value for key, value in node.items() if key not in (*TRACKER, "kind")}
        paths = (PACKAGE_PARENT, os.environ.get("PYTHONPATH"))
        self.log = TemporaryFile()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "factory.tracking", self.kind],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), OPTIONS: json.dumps(options)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            start_new_session=True,  # Ctrl-C reaches the parent alone, which then says how the run ended
        )
        self.messages: queue.SimpleQueue[Mapping[str, Any] | None] = queue.SimpleQueue()
        self.heard = time.monotonic()
        self.look: str | None = None
        self.warned = False
        self.writer = threading.Thread(target=self.write, daemon=True)
        self.listener = threading.Thread(target=self.listen, daemon=True)
        self.writer.start()
        self.listener.start()

    def tell(self, message: Mapping[str, Any]) -> None:
        """Never waits: a tracker that hangs does not read."""
        self.messages.put(message)

    def close(self) -> str | None:
        """Wait until all is recorded, or the tracker has said nothing for too long.

        Returns:
            How to look at what was recorded, None where it was not.
        """
        self.messages.put({"event": "leave"})
        self.messages.put(None)
        self.heard = time.monotonic()
        try:
            while self.listener.is_alive() and (left := self.heard + self.patience - time.monotonic()) > 0:
                self.listener.join(left)
            if self.listener.is_alive():
                self.warn(f"said nothing for {self.patience:g} s and was ended")
        finally:
            self.kill()
        return self.look

    def kill(self) -> None:
        if self.listener.is_alive():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.listener.join()
        self.writer.join()
        lines.close((self.process.stdin, self.process.stdout, self.log))

    # ---- in the threads

    def write(self) -> None:
        stdin = self.process.stdin
        with contextlib.suppress(BrokenPipeError):  # one that is gone says so through the listener
            while stdin and (message := self.messages.get()) is not None:
                stdin.write((json.dumps(message) + "\n").encode())
                stdin.flush()
            if stdin:
                stdin.close()

    def listen(self) -> None:
        for line in self.process.stdout or ():
            event = json.loads(line)
            self.heard = time.monotonic()
            if event["event"] == "broken":
                self.warn(event["message"])
            elif event["event"] == "done":
                self.look = event["look"]
        code = self.process.wait()
        if self.look is None:
            self.warn(f"its process {ending(code)}: {last_words(self.log)}")

    def warn(self, message: str) -> None:
        """One line, the first one, at once."""
        if not self.warned:
            self.warned = True
            tell(f"tracker: {self.kind}: {without_passwords(message)}; {COSTS_NOTHING}")
