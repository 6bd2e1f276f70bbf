"""PARENT: The process of one tracker; the parent waits for it only at its own end."""

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

OPTIONS = "FACTORY_TRACKER"  # a variable, since options may hold a password and arguments are public
COSTS_NOTHING = "not recorded there; the run is not affected"


class Process:
    """The process of one tracker, started at once so that it imports while the run's own processes do.

    Args:
        node: the node ``tracker`` of a config.
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
        """Send a message without waiting, since a tracker that hangs does not read."""
        self.messages.put(message)

    def close(self) -> str | None:
        """Wait until everything is recorded, or until the tracker has sent nothing for too long, and end the process.

        Returns:
            The command or address that shows what was recorded, None where nothing could be recorded.
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
        """End the process at once."""
        if self.listener.is_alive():
            self.child.kill()
        self.listener.join()
        self.writer.join()
        self.child.close()

    # ---- in the threads

    def write(self) -> None:
        """Send the messages to the process until there are no more."""
        while (message := self.messages.get()) is not None:
            self.child.send(message)
        self.child.end_input()

    def listen(self) -> None:
        """Read the events of the process until it ends."""
        for line in self.child.read_lines():
            event = json.loads(line)
            self.heard = time.monotonic()
            if event["event"] == "broken":
                self.warn(event["message"])
            elif event["event"] == "done":
                self.look = event["look"]
        code = self.child.wait()
        if self.look is None:
            self.warn(f"its process {ending(code)}: {self.child.last_log_line()}")

    def warn(self, message: str) -> None:
        """Print the first problem of the tracker, at once and in one line."""
        if not self.warned:
            self.warned = True
            tell(f"tracker: {self.kind}: {without_passwords(message)}; {COSTS_NOTHING}")
