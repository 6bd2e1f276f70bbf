"""PARENT: Runs the jobs of a plan: a thread for each that runs at once, each with its own queue on the shared
workers."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from factory.core.documents import read_summary
from factory.core.errors import FactoryError, GateError, Interrupted, Pruned
from factory.core.files import write_json
from factory.core.timing import Clock
from factory.execution.pool import Pool
from factory.pipeline.deployment import Delivery
from factory.pipeline.pipeline import Pipeline
from factory.sweep import reuse
from factory.sweep.outcome import GOOD, Outcome, repeated
from factory.sweep.plan import Drafting, Job
from factory.sweep.queue import Waiting
from factory.sweep.settings import Settings
from factory.tracking.tracking import Tracking

STATUS: dict[type[Exception], str] = {Interrupted: "interrupted", GateError: "refused", Pruned: "pruned"}
TICK = 0.1  # seconds between looks at what only the main thread may do


class Display(Protocol):
    """Shows a sweep while it runs; called from many threads."""

    def started(self, job: Job) -> None: ...

    def event(self, job: Job, event: Mapping[str, Any]) -> None: ...

    def ended(self, outcome: Outcome) -> None: ...


class Queue(Protocol):
    """Where jobs come from; used from many threads."""

    def take(self) -> Job | None: ...

    def trained(self, key: str) -> None: ...

    def untrained(self, key: str) -> list[Job]: ...

    def ended(self) -> None: ...

    def stop(self) -> None: ...


class Runner:
    """Use once.

    Args:
        drafting: composes the jobs' configs.
        jobs: every job that is known from the start.
        overrides: of each job, as the sweeper gave them; may still grow.
        pool: of workers; stopped at the end.
        settings: of the sweep.
        display: is told everything.
        tracking: records jobs.
        queue: gives the jobs to run; those of ``jobs`` that can be, unless given.
    """

    def __init__(
        self,
        drafting: Drafting,
        jobs: Sequence[Job],
        overrides: Mapping[int, Sequence[str]],
        pool: Pool,
        settings: Settings,
        display: Display,
        tracking: Tracking,
        queue: Queue | None = None,
    ) -> None:
        self.drafting, self.overrides, self.pool = drafting, overrides, pool
        self.settings, self.display, self.tracking = settings, display, tracking
        self.models = drafting.grid.folder / "models" if settings.publish == "best" else None
        self.jobs = {job.number: job for job in jobs}
        sound = [job for job in jobs if job.fault is None and job.same_as is None]
        self.waiting = queue or Waiting(sound, share=settings.reuse)
        self.donors: dict[str, list[Path]] = {}
        for job in sound:
            self.donors.setdefault(job.train_key, []).append(Path(job.folder))
        self.outcomes: dict[int, Outcome] = {}
        self.halted = threading.Event()
        self.crash: BaseException | None = None

    def run(self) -> list[Outcome]:
        """Every job to its end, whatever becomes of the others.

        Returns:
            Outcomes by number of the job; those that never started have none.

        Raises:
            KeyboardInterrupt: Ctrl-C; every process has ended.
        """
        for job in self.jobs.values():
            if job.fault:
                self.conclude(Outcome(job, "failed", job.fault.replace("\n", "; ")))
        threads = [threading.Thread(target=self.work, daemon=True) for _ in range(self.pool.limit)]
        try:
            for thread in threads:
                thread.start()
            while any(thread.is_alive() for thread in threads) and not self.halted.wait(TICK):
                pass
        finally:
            self.waiting.stop()
            self.pool.stop()
            for thread in threads:
                thread.join()
        if self.crash:
            raise self.crash
        self.repeat()
        return [self.outcomes[number] for number in sorted(self.outcomes)]

    def repeat(self) -> None:
        """A job with the config of an earlier one has that one's outcome."""
        for job in self.jobs.values():
            if found := self.as_before(job):
                self.outcomes[job.number] = found

    def as_before(self, job: Job) -> Outcome | None:
        first = self.outcomes.get(job.same_as) if job.same_as is not None else None
        return repeated(first, job) if first else None

    # ---- in the threads

    def work(self) -> None:
        try:
            while (job := self.waiting.take()) is not None:
                self.display.started(job)
                outcome = self.perform(job)
                self.share_fate(job, outcome)
                self.conclude(outcome)
                self.waiting.ended()
        except BaseException as error:  # a fault of ours: nothing may hang on a thread that is gone
            self.crash = error
            self.halted.set()

    def perform(self, job: Job) -> Outcome:
        """One job, whose failure is its own."""
        if job.fault:
            return Outcome(job, "failed", job.fault.replace("\n", "; "))
        if found := self.as_before(job):
            return found
        run_queue = self.pool.open_queue()
        pipeline = tracked = None
        try:
            config = self.drafting.config(job.number, self.overrides[job.number])
            tracked = self.tracking.watch(config.tracker, JobWatch(self, job), self.drafting.grid.folder)
            pipeline = Pipeline(config, run_queue, tracked, Clock(), self.models)
            return self.carried_out(job, pipeline)
        except (FactoryError, OSError) as error:
            summary = {**(pipeline.summary if pipeline else {}), "status": STATUS.get(type(error), "failed")}
            return Outcome.of(job, summary, error="; ".join(str(error).splitlines()))
        finally:
            run_queue.kill()
            if tracked:
                tracked.end(job.folder)

    def carried_out(self, job: Job, pipeline: Pipeline) -> Outcome:
        """Finished before, or run to its end, on a training of another job where there is one."""
        if pipeline.run.path.exists():
            pipeline.run.check()
        kept = finished(pipeline)
        if kept:
            self.waiting.trained(job.train_key)
            return Outcome.of(job, kept, kept=True)
        if self.settings.reuse:
            donors = self.donors.setdefault(job.train_key, [])
            reuse.inherit(pipeline.run, job.train_key, donors)
            if pipeline.run.path not in donors:
                donors.append(pipeline.run.path)
        if reuse.is_trained(pipeline.run, job.train_key):
            self.waiting.trained(job.train_key)
        summary = pipeline.execute()
        summary["training_of"] = reuse.origin(pipeline.run)
        write_json(pipeline.run.summary, summary)
        return Outcome.of(job, summary)

    def share_fate(self, job: Job, outcome: Outcome) -> None:
        """Jobs that wait for a training that failed fail with it, each with its line."""
        if outcome.good:
            self.waiting.trained(job.train_key)
        elif outcome.status != "interrupted":
            for other in self.waiting.untrained(job.train_key):
                self.conclude(Outcome(other, "failed", f"shares the training of job {job.number}: {outcome.error}"))

    def conclude(self, outcome: Outcome) -> None:
        self.outcomes[outcome.job.number] = outcome
        self.display.ended(outcome)
        if outcome.failed and self.settings.fail_fast:
            self.waiting.stop()
            self.halted.set()


class JobWatch:
    """What a job's pipeline tells its events to."""

    def __init__(self, runner: Runner, job: Job) -> None:
        self.runner, self.job = runner, job

    def event(self, event: Mapping[str, Any]) -> None:
        if event["event"] == "trained":  # its report is written: others need not wait for this job's exports
            self.runner.waiting.trained(self.job.train_key)
        self.runner.display.event(self.job, event)


def finished(pipeline: Pipeline) -> dict[str, Any] | None:
    """The summary of a run that an earlier command finished, if every file in it is still what was recorded."""
    earlier = read_summary(pipeline.run)
    if not earlier or earlier["status"] not in GOOD:
        return None
    trained = pipeline.kept_training()
    if trained is None:
        return None
    delivery = Delivery(pipeline.run, pipeline.plan, trained, pipeline.launcher, pipeline.watch, pipeline.clock)
    return earlier if not any(target.routes for target in delivery.targets) else None
