"""PARENT: The watchdog of a stage: how long it may take, how long it has been silent; by the monotonic clock."""

from __future__ import annotations

from typing import Any, Protocol

from factory.execution.stage import Limit, Stage

STARTING = 120.0  # seconds that a worker may take to import, in addition to the limit of its first stage
GRACE = 5.0  # seconds that a worker has to end an overdue stage before it is ended itself
SILENCE = 60.0  # seconds between two reports of a stage that gives no sign of life
TICK = 0.5  # seconds between two checks of the limits


class Ending(Protocol):
    """The part of a worker's interface by which a stage is ended; see `cluster.Worker`."""

    def end(self, job: int) -> None:
        """Ask the worker to end a job."""

    def abort(self) -> None:
        """End a worker that does not answer."""


class Watchdog:
    """The watchdog of one running stage.

    Args:
        stage: the stage; its limit is enforced.
        silence: seconds between two reports of silence.
    """

    def __init__(self, stage: Stage, silence: float = SILENCE) -> None:
        self.limit, self.backend, self.log, self.silence = stage.limit, stage.environment.backend, stage.log, silence
        self.stage = stage.module.rpartition(".")[2]  # people say "train", not "training.train"
        self.deadline: float | None = None
        self.overdue = False
        self.heard = self.named = 0.0

    def start(self, now: float, more: float = 0.0) -> None:
        """Start the clock now, with ``more`` seconds for the imports of the worker."""
        self.deadline = now + self.limit.seconds + more if self.limit else None
        self.note_life(now)

    def note_life(self, now: float) -> None:
        """Note that the stage gave a sign of life."""
        self.heard = self.named = now

    @property
    def cause(self) -> dict[str, Any]:
        """The field ``overdue`` for the stage's last event, where the stage was ended for exceeding its limit."""
        return {"overdue": vars(self.limit)} if self.overdue else {}

    def check(self, job: int, worker: Ending, now: float) -> dict[str, Any] | None:
        """End the stage where it is overdue, and the worker where it does not answer.

        Args:
            job: number of the stage's job.
            worker: the worker that runs it.
            now: time by the monotonic clock, in seconds.

        Returns:
            A ``silent`` event where the stage has been silent for long, else None.
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
        told = {"stage": self.stage, "seconds": round(now - self.heard), "log": str(self.log)}
        return {"event": "silent", "id": job, "backend": self.backend, **told}


def stricter(*limits: Limit | None) -> Limit | None:
    """Return the strictest of some limits, None where there is none."""
    return min((limit for limit in limits if limit), key=lambda limit: limit.seconds, default=None)
