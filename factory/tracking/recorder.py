"""CHILD: The recorder: one tracker's process, which reads run folders when messages on stdin name them."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from factory.core.files import key_of, read_json, write_json
from factory.core.foreign_errors import first_line, root_cause
from factory.tracking import entries
from factory.tracking.process import OPTIONS
from factory.tracking.tracker import Tracker, connect_tracker

STATE = "tracker.json"
NICE = 10  # lower priority, so that recording does not slow down training
LAST_MOMENTS = 30  # seconds to record that runs were killed, once the parent is gone
MESSAGE_LIMIT = 300  # characters


def main() -> None:
    """Record until the parent leaves; the first error ends the recording."""
    messages: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=listen, args=(messages,), daemon=True).start()
    events = os.dup(1)
    os.dup2(2, 1)  # what libraries print goes to the log, never between the events
    if hasattr(os, "nice"):
        os.nice(NICE)

    def send(event: Mapping[str, Any]) -> None:
        with contextlib.suppress(BrokenPipeError):  # of a parent that was killed; its runs are still to be ended
            os.write(events, (json.dumps(event) + "\n").encode())

    name, options = sys.argv[1], json.loads(os.environ.pop(OPTIONS))
    place = ""
    try:
        tracker = connect_tracker(name, options)
        place = tracker.place
        recorder = Recorder(tracker)
        while (message := messages.get())["event"] != "leave":
            recorder.take(message)
            send({"event": "alive"})
        recorder.leave()
        send({"event": "done", "look": tracker.look if recorder.recorded else ""})
        os._exit(0)  # do not wait for what libraries do at exit
    except Exception as error:  # whatever a tracker's library raises ends the recording, not the run
        traceback.print_exc()
        send(
            {
                "event": "broken",
                "message": f"{place}: {first_line(root_cause(error))}".removeprefix(": ")[:MESSAGE_LIMIT],
            }
        )
        os._exit(1)


def listen(messages: queue.SimpleQueue[dict[str, Any]]) -> None:
    """Read messages, also while the tracker hangs; where they end without ``leave``, the parent was killed."""
    message: dict[str, Any] = {"event": ""}
    for line in sys.stdin:
        message = json.loads(line)
        messages.put(message)
    if message["event"] != "leave":
        if hasattr(signal, "alarm"):
            signal.alarm(LAST_MOMENTS)
        messages.put({"event": "leave"})


class Recorder:
    """Records runs from their folders; a run that an earlier command began goes on in the same run of the tracker.

    Args:
        tracker: the tracker that takes the records.
    """

    def __init__(self, tracker: Tracker) -> None:
        self.tracker = tracker
        self.open: dict[Path, str] = {}
        self.recorded = False

    def take(self, message: Mapping[str, Any]) -> None:
        """Act on one message of the parent."""
        folder, sweep = Path(message["run"]), message["sweep"] and Path(message["sweep"])
        parent = self.begun(sweep, None) if sweep and sweep != folder else None
        if message["event"] == "end" and self.state(folder).get("told") == key_of(entries.result(folder)):
            return  # an earlier command recorded it to its end, and nothing has changed
        run = self.begun(folder, parent)
        if message["event"] in ("look", "end"):
            self.catch_up(folder, run)
        if message["event"] == "end":
            self.end(folder, run)

    def begun(self, folder: Path, parent: str | None) -> str:
        """Return the tracker's id of a folder's run: open already, taken up again, or new."""
        if folder not in self.open:
            state = self.state(folder)
            opening = entries.opening(folder, parent, state.get("id"), state.get("epochs", 0))
            run = self.tracker.begin(opening)
            known = state if run == state.get("id") else {"id": run, "epochs": 0}
            self.keep(folder, known)
            self.open[folder] = run
            self.recorded = True
        return self.open[folder]

    def catch_up(self, folder: Path, run: str) -> None:
        """Record the new epochs of history.csv."""
        told = self.state(folder)["epochs"]
        rows = [row for row in entries.epochs(folder) if row["epoch"] > told]
        if rows:
            self.tracker.epochs(run, rows)
            self.keep(folder, {"epochs": int(rows[-1]["epoch"])})

    def end(self, folder: Path, run: str) -> None:
        """Record the end of a run or a sweep."""
        state, published = self.state(folder), key_of(entries.published(folder))
        closing = entries.closing(folder, registered=state.get("published") == published)
        self.tracker.end(run, closing)
        self.keep(folder, {"published": published, "told": key_of(entries.result(folder))})
        del self.open[folder]

    def leave(self) -> None:
        """Record as killed each run whose end the parent did not report, as when the parent itself was killed."""
        for folder, run in reversed(self.open.items()):  # jobs before their sweep
            if folder.is_dir():
                self.catch_up(folder, run)
                self.tracker.end(run, entries.killed())

    def state(self, folder: Path) -> dict[str, Any]:
        """Return what tracker.json says of this folder in this tracker's place."""
        return dict((read_json(folder / STATE) or {}).get(self.tracker.place, {}))

    def keep(self, folder: Path, fields: Mapping[str, Any]) -> None:
        """Update what tracker.json says of this folder in this tracker's place."""
        state = read_json(folder / STATE) or {}
        write_json(folder / STATE, {**state, self.tracker.place: {**state.get(self.tracker.place, {}), **fields}})


if __name__ == "__main__":
    main()
