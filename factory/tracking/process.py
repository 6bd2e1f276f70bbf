"""PARENT: one tracker's process, to which nothing that the parent does ever waits, but at the very end."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Mapping
from typing import Any

from factory.config.schema.nodes import TRACKER
from factory.core.passwords import without_passwords
from factory.core.printable import tell
from factory.core.process import Child, ending

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
        self.child = Child("factory.tracking.recorder", self.kind, variables={OPTIONS: json.dumps(options)})
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
            self.child.kill()
        self.listener.join()
        self.writer.join()
        self.child.close()

    # ---- in the threads

    def write(self) -> None:
        while (message := self.messages.get()) is not None:
            self.child.send(message)
        self.child.end_input()

    def listen(self) -> None:
        for line in self.child.read_lines():
            event = json.loads(line)
            self.heard = time.monotonic()
            if event["event"] == "broken":
                self.warn(event["message"])
            elif event["event"] == "done":
                self.look = event["look"]
        code = self.child.wait()
        if self.look is None:
            self.warn(f"its process {ending(code)}: {self.child.last_words()}")

    def warn(self, message: str) -> None:
        """One line, the first one, at once."""
        if not self.warned:
            self.warned = True
            tell(f"tracker: {self.kind}: {without_passwords(message)}; {COSTS_NOTHING}")
