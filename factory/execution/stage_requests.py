"""PARENT: following jobs on a launcher until they end, and saying in one line why one failed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from factory.core.errors import FactoryError, revived
from factory.core.process import ending
from factory.core.timing import Clock
from factory.execution.launcher import Launcher


class Watcher(Protocol):
    """Shows a run while it runs; is told every event of every stage."""

    def event(self, event: Mapping[str, Any]) -> None: ...


def follow(
    jobs: Iterable[int], launcher: Launcher, watch: Watcher, clock: Clock, failure: type[FactoryError]
) -> Iterator[dict[str, Any]]:
    """Events of jobs until all have ended; an ``exit`` event carries the fields of the ``failed`` one before it.

    Raises:
        FactoryError: of class ``failure``, where a worker ended under its jobs or could not start.
    """
    waiting, failed = set(jobs), dict[int, Mapping[str, Any]]()
    while waiting:
        event = launcher.next_event()
        watch.event(event)
        match event["event"]:
            case "gone" if not event["jobs"] or waiting & set(event["jobs"]):
                raise failure(event["message"])
            case "ready":
                clock.add(f"import ({event['backend']})", event["start"], event["seconds"])
            case "failed":
                failed[event["id"]] = event
            case "exit":
                waiting.discard(event["id"])
                event = {**failed.get(event["id"], {}), **event}
        yield event


def failure_of(end: Mapping[str, Any], kind: type[FactoryError], doing: str) -> FactoryError:
    """The error behind a job's ``exit`` event: its own words, or what ended its process."""
    if "error" in end:
        return revived(end["error"], end["message"])
    if limit := end.get("overdue"):
        return kind(f"{limit['key']}: {doing} took longer than {limit['seconds']:g} s and was ended")
    return kind(f"{doing}: the process {ending(end['code'])}")
