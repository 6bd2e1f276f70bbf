"""PARENT: the runner of a sweep's jobs: a thread for each job that runs at once, with a run queue on shared workers."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from factory.core.errors import FactoryError, GateError, Interrupted, Pruned, RequirementError
from factory.core.files import write_json
from factory.core.read_documents import read_intact_training, read_summary
from factory.core.timing import Clock
from factory.execution.pool import Pool
from factory.pipeline.deployment import Delivery
from factory.pipeline.pipeline import Pipeline
from factory.sweep import reuse
from factory.sweep.outcome import GOOD, Outcome, repeated
from factory.sweep.plan import Drafting, Job
from factory.sweep.queue import JobQueue
from factory.sweep.settings import Settings
from factory.tracking.tracking import Tracking

STATUS: dict[type[Exception], str] = {
    Interrupted: "interrupted",
    GateError: "refused",
    RequirementError: "refused",
    Pruned: "pruned",
}
TICK = 0.1  # seconds between the main thread's checks of its worker threads, so that Ctrl-C is heard


class Display(Protocol):
    """The live display of a sweep; called from many threads."""

    def started(self, job: Job) -> None:
        """Show that a job has started."""

    def event(self, job: Job, event: Mapping[str, Any]) -> None:
        """Show an event of a job; may raise `Pruned` to end the job."""

    def ended(self, outcome: Outcome) -> None:
        """Show the outcome of a job."""


class Queue(Protocol):
    """A source of jobs to run; used from many threads."""

    def take(self) -> Job | None:
        """Wait for the next job that may start and return it; None when no job will come any more."""

    def trained(self, key: str) -> None:
        """Release the jobs that wait for this training, which is done."""

    def untrained(self, key: str) -> list[Job]:
        """Remove the jobs that wait for this training, which failed, and return them."""

    def ended(self) -> None:
        """Note that a job that was taken has ended."""

    def stop(self) -> None:
        """Hand out no more jobs."""


class Runner:
    """The execution of a sweep's jobs on a pool of workers; an instance runs once.

    Args:
        drafting: composes the jobs' configs.
        jobs: every job that is known from the start.
        overrides: number of a job → its overrides, as the sweeper gave them; a search adds to it.
        pool: the workers; stopped at the end.
        settings: of the sweep.
        display: receives every event.
        tracking: records jobs.
        queue: gives the jobs to run; by default those of ``jobs`` without a fault or an identical earlier job.
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
        runnable = [job for job in jobs if job.fault is None and job.same_as is None]
        self.queue = queue or JobQueue(runnable, share=settings.reuse)
        self.donors: dict[str, list[Path]] = {}
        for job in runnable:
            self.donors.setdefault(job.train_key, []).append(Path(job.folder))
        self.outcomes: dict[int, Outcome] = {}
        self.halted = threading.Event()
        self.crash: BaseException | None = None

    def run(self) -> list[Outcome]:
        """Run every job to its end, whether or not others fail.

        Returns:
            Outcomes in the order of the jobs; a job that never started has none.

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
            self.queue.stop()
            self.pool.stop()
            for thread in threads:
                thread.join()
        if self.crash:
            raise self.crash
        self.repeat()
        return [self.outcomes[number] for number in sorted(self.outcomes)]

    def repeat(self) -> None:
        """Give each job with the config of an earlier job that job's outcome."""
        for job in self.jobs.values():
            if found := self.as_before(job):
                self.outcomes[job.number] = found

    def as_before(self, job: Job) -> Outcome | None:
        """Return the outcome of the earlier job with the same config; None where there is none."""
        first = self.outcomes.get(job.same_as) if job.same_as is not None else None
        return repeated(first, job) if first else None

    # ---- the methods below run in the worker threads

    def work(self) -> None:
        """Take jobs from the queue and run them until there are no more; the body of a worker thread."""
        try:
            while (job := self.queue.take()) is not None:
                self.display.started(job)
                outcome = self.perform(job)
                self.share_fate(job, outcome)
                self.conclude(outcome)
                self.queue.ended()
        except BaseException as error:  # a bug of ours: the main thread must not wait for a thread that is gone
            self.crash = error
            self.halted.set()

    def perform(self, job: Job) -> Outcome:
        """Run one job; its errors become its outcome."""
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
        """Run a job's pipeline, with a training of another job where there is one; keep a run that is finished."""
        if pipeline.run.path.exists():
            pipeline.run.check()
        kept = finished(pipeline)
        if kept:
            self.queue.trained(job.train_key)
            return Outcome.of(job, kept, kept=True)
        if self.settings.reuse:
            donors = self.donors.setdefault(job.train_key, [])
            reuse.inherit(pipeline.run, job.train_key, donors)
            if pipeline.run.path not in donors:
                donors.append(pipeline.run.path)
        if read_intact_training(pipeline.run, job.train_key):
            self.queue.trained(job.train_key)
        summary = pipeline.execute()
        summary["training_of"] = reuse.origin(pipeline.run)
        write_json(pipeline.run.summary, summary)
        return Outcome.of(job, summary)

    def share_fate(self, job: Job, outcome: Outcome) -> None:
        """Start the jobs that wait for this job's training, or fail them where the training failed."""
        if outcome.good:
            self.queue.trained(job.train_key)
        elif outcome.status != "interrupted":
            for other in self.queue.untrained(job.train_key):
                self.conclude(Outcome(other, "failed", f"shares the training of job {job.number}: {outcome.error}"))

    def conclude(self, outcome: Outcome) -> None:
        """Record and show an outcome; with ``fail_fast`` a failure stops the sweep."""
        self.outcomes[outcome.job.number] = outcome
        self.display.ended(outcome)
        if outcome.failed and self.settings.fail_fast:
            self.queue.stop()
            self.halted.set()


class JobWatch:
    """The observer of one job's pipeline, which forwards its events to the runner's display."""

    def __init__(self, runner: Runner, job: Job) -> None:
        self.runner, self.job = runner, job

    def event(self, event: Mapping[str, Any]) -> None:
        if event["event"] == "trained":  # its report is written: others need not wait for this job's exports
            self.runner.queue.trained(self.job.train_key)
        self.runner.display.event(self.job, event)


def finished(pipeline: Pipeline) -> dict[str, Any] | None:
    """Return the summary of a run that an earlier command finished, if all its files are unchanged; else None."""
    earlier = read_summary(pipeline.run)
    if not earlier or earlier["status"] not in GOOD:
        return None
    trained = pipeline.kept_training()
    if trained is None:
        return None
    delivery = Delivery(pipeline.run, pipeline.plan, trained, pipeline.launcher, pipeline.watch, pipeline.clock)
    return earlier if not any(target.backends for target in delivery.targets) else None
