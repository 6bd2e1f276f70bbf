"""PARENT: the trials of a search as the runner's queue: the study is asked for each when a slot is free."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from factory.core.errors import FactoryError
from factory.core.files import write_text
from factory.core.read_documents import read_summary
from factory.core.rundir import RunDir
from factory.sweep.outcome import Outcome
from factory.sweep.plan import PLAN, Drafting, Job
from factory.sweep.search.client import StudyClient
from factory.sweep.search.space import Space

LOST = ("pruned", "failed")  # states that are final even for a later command: the study has learned from them


class Trials:
    """A thread-safe queue of a search's trials.

    Args:
        client: of the study's process, with the study open.
        earlier: the study's trials so far, as it returned them.
        drafting: composes and validates the trials' configs.
        space: of the search.
    """

    def __init__(
        self, client: StudyClient, earlier: Sequence[Mapping[str, Any]], drafting: Drafting, space: Space
    ) -> None:
        self.client, self.drafting, self.space = client, drafting, space
        self.overrides: dict[int, Sequence[str]] = {}
        self.jobs: dict[int, Job] = {}
        self.stopped, self.lock = False, threading.Lock()
        states = {trial["number"]: trial["state"] for trial in earlier}
        for trial in earlier:
            self.draft(trial["number"], trial["params"])
        self.settled = {number for number, state in states.items() if state != "running"}
        self.lost = [self.ended_before(number, state) for number, state in states.items() if state in LOST]
        self.again = deque(self.jobs[number] for number, state in states.items() if state not in LOST)

    def draft(self, number: int, values: Mapping[str, Any]) -> Job:
        """Plan the job of a trial, and write the plan of all trials.

        Args:
            number: of the trial.
            values: name of each dimension → value.
        """
        words = self.space.words(values)
        self.overrides[number] = words
        self.jobs[number] = self.drafting.job(number, words)
        lines = (json.dumps(asdict(self.jobs[number])) + "\n" for number in sorted(self.jobs))
        write_text(self.drafting.grid.folder / PLAN, "".join(lines))
        return self.jobs[number]

    def ended_before(self, number: int, state: str) -> Outcome:
        """Return the outcome of a trial that was pruned or failed in an earlier command."""
        job = self.jobs[number]
        summary = read_summary(RunDir(Path(job.folder))) or {}
        error = job.fault or summary.get("error") or "failed in an earlier command"
        outcome = Outcome.of(job, summary, error="; ".join(str(error).splitlines()), kept=True)
        return outcome if outcome.status in (state, "refused") else replace(outcome, status=state)

    def take(self) -> Job | None:
        """Return the next trial's job, first those of earlier commands, finished ones too; None when there are none."""
        with self.lock:
            if self.stopped:
                return None
            if self.again:
                return self.again.popleft()
            asked = self.call("ask")
            return None if asked.get("number") is None else self.draft(asked["number"], asked["params"])

    def call(self, do: str, **fields: Any) -> dict[str, Any]:
        """Send the study a request and return its answer; an empty one once the search was stopped.

        Raises:
            FactoryError: the study refuses the request, or its process has ended.
        """
        try:
            return {} if self.stopped else self.client.call(do, **fields)
        except FactoryError:
            if self.stopped:
                return {}
            raise

    def trained(self, key: str) -> None:
        """Do nothing: no trial waits for the training of another."""

    def untrained(self, key: str) -> list[Job]:
        """Return no jobs: no trial waits for the training of another."""
        return []

    def ended(self) -> None:
        pass

    def stop(self) -> None:
        """Hand out no more trials, and end the study's process without waiting for a sampler."""
        self.stopped = True
        self.client.close()
