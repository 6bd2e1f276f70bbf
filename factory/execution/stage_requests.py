"""PARENT: Following stage requests on a launcher until they end, and the one-line error of one that failed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from factory.core.errors import FactoryError, revive_error
from factory.core.process import ending
from factory.core.timing import Clock
from factory.execution.launcher import Launcher


class Watcher(Protocol):
    """A display or recorder of a run under way, which receives every event of every stage."""

    def event(self, event: Mapping[str, Any]) -> None:
        """Take one event."""


def follow(
    jobs: Iterable[int], launcher: Launcher, watch: Watcher, clock: Clock, failure: type[FactoryError]
) -> Iterator[dict[str, Any]]:
    """Yield the events of jobs until all have ended.

    An ``exit`` event carries the fields of the ``failed`` event before it.

    Args:
        jobs: numbers of the jobs, as `Launcher.submit` returned them.
        launcher: the launcher that runs them.
        watch: receives every event.
        clock: the run's timings; the imports of workers are added.
        failure: class of the error where a worker is lost.

    Raises:
        FactoryError: a worker ended under its jobs or could not start; of the class ``failure``.
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
    """Return the error behind a job's ``exit`` event: the stage's own, or what ended its process.

    Args:
        end: the ``exit`` event, as `follow` yields it.
        kind: class of the error where the stage raised none.
        doing: what the stage was doing, as the message says it.
    """
    if "error" in end:
        return revive_error(end["error"], end["message"])
    if limit := end.get("overdue"):
        return kind(f"{limit['key']}: {doing} took longer than {limit['seconds']:g} s and was ended")
    return kind(f"{doing}: the process {ending(end['code'])}")
