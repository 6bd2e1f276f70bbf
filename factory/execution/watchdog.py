"""PARENT: how long a stage may take, and how long it has been silent; by the monotonic clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

STARTING = 120.0  # seconds that a worker may take to import, beside what its first stage may take
GRACE = 5.0  # seconds a worker has to end a stage that is overdue, before it is ended itself
SILENCE = 60.0  # seconds between two lines about a stage that says nothing
TICK = 0.5  # seconds between looks at the clock


@dataclass(frozen=True)
class Limit:
    """Seconds that a stage may take.

    Args:
        seconds: of them.
        key: of the config, that says so.
    """

    seconds: float
    key: str


class Ending(Protocol):
    """What is asked of the worker of a stage; see `cluster.Worker`."""

    def end(self, job: int) -> None: ...

    def abort(self) -> None: ...


class Vigil:
    """Kept for one stage while it runs.

    Args:
        limit: None for as long as it likes.
        stage: its name.
        backend: under which it runs.
        log: of the stage, a path.
        silence: seconds between two lines.
    """

    def __init__(self, limit: Limit | None, stage: str, backend: str, log: str, silence: float = SILENCE) -> None:
        self.limit, self.backend, self.log, self.silence = limit, backend, log, silence
        self.stage = stage.rpartition(".")[2]  # training.train, as a person says it
        self.deadline: float | None = None
        self.overdue = False
        self.heard = self.named = 0.0

    def begin(self, now: float, more: float = 0.0) -> None:
        """Let its time begin now, with ``more`` seconds for the imports of its worker."""
        self.deadline = now + self.limit.seconds + more if self.limit else None
        self.hear(now)

    def hear(self, now: float) -> None:
        """It said something."""
        self.heard = self.named = now

    @property
    def cause(self) -> dict[str, Any]:
        """What its last event says of why it ended."""
        return {"overdue": vars(self.limit)} if self.overdue else {}

    def look(self, job: int, worker: Ending, now: float) -> dict[str, Any] | None:
        """End the stage where it is overdue, and the worker where that does not answer.

        Returns:
            An event where the stage has been silent for long.
        """
        if self.deadline is not None and now >= self.deadline:
            if self.overdue:
                worker.abort()
            else:
                worker.end(job)
            self.overdue, self.deadline = True, now + GRACE
        if now - self.named < self.silence:
            return None
        self.named = now
        told = {"stage": self.stage, "seconds": round(now - self.heard), "log": self.log}
        return {"event": "silent", "id": job, "backend": self.backend, **told}


def stricter(*limits: Limit | None) -> Limit | None:
    """The one that allows less."""
    return min((limit for limit in limits if limit), key=lambda limit: limit.seconds, default=None)
