"""Runs the jobs of a plan: a thread for each that runs at once, each with its own lane on the shared workers."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from factory.clock import Clock
from factory.delivery import Delivery
from factory.errors import FactoryError, GateError, Interrupted
from factory.launchers.pool import Pool
from factory.pipeline import Pipeline
from factory.rundir import read_json, write_json
from factory.sweep import shared
from factory.sweep.outcome import GOOD, Outcome
from factory.sweep.plan import Drafting, Job
from factory.sweep.queue import Waiting
from factory.sweep.settings import Settings

STATUS: dict[type[Exception], str] = {Interrupted: "interrupted", GateError: "refused"}
TICK = 0.1  # seconds between looks at what only the main thread may do


class Display(Protocol):
    """Shows a sweep while it runs; called from many threads."""

    def started(self, job: Job) -> None: ...

    def event(self, job: Job, event: Mapping[str, Any]) -> None: ...

    def ended(self, outcome: Outcome) -> None: ...


class Runner:
    """Use once.

    Args:
        drafting: composes the jobs' configs.
        jobs: every job of the launch.
        overrides: of each job, as the sweeper gave them.
        pool: of workers; stopped at the end.
        settings: of the sweep.
        display: is told everything.
    """

    def __init__(
        self,
        drafting: Drafting,
        jobs: Sequence[Job],
        overrides: Mapping[int, Sequence[str]],
        pool: Pool,
        settings: Settings,
        display: Display,
    ) -> None:
        self.drafting, self.overrides, self.pool, self.settings, self.display = (
            drafting,
            overrides,
            pool,
            settings,
            display,
        )
        self.jobs = {job.number: job for job in jobs}
        sound = [job for job in jobs if job.fault is None and job.same_as is None]
        self.waiting = Waiting(sound, share=settings.reuse)
        self.donors: dict[str, list[Path]] = {}
        for job in sound:
            self.donors.setdefault(job.train_key, []).append(Path(job.folder))
        self.outcomes: dict[int, Outcome] = {}
        self.halted = threading.Event()
        self.crash: BaseException | None = None
        self.lock = threading.Lock()

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
            first = self.outcomes.get(job.same_as) if job.same_as is not None else None
            if first:
                found = {"status": "same" if first.good else first.status, "error": first.error}
                self.outcomes[job.number] = Outcome(**{**vars(first), **found, "job": job})

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
        lane = self.pool.lane()
        pipeline = None
        try:
            with self.lock:
                config = self.drafting.config(job.number, self.overrides[job.number])
            pipeline = Pipeline(config, lane, JobWatch(self, job), Clock())
            return self.carried_out(job, pipeline)
        except (FactoryError, OSError) as error:
            summary = {**(pipeline.summary if pipeline else {}), "status": STATUS.get(type(error), "failed")}
            return Outcome.of(job, summary, error="; ".join(str(error).splitlines()))
        finally:
            lane.kill()

    def carried_out(self, job: Job, pipeline: Pipeline) -> Outcome:
        """Finished before, or run to its end, on a training of another job where there is one."""
        kept = finished(pipeline)
        if kept:
            self.waiting.trained(job.train_key)
            return Outcome.of(job, kept, kept=True)
        if self.settings.reuse:
            shared.inherit(pipeline.run, job.train_key, self.donors[job.train_key])
        if shared.is_trained(pipeline.run, job.train_key):
            self.waiting.trained(job.train_key)
        summary = pipeline.execute()
        summary["training_of"] = shared.origin(pipeline.run)
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
        if not outcome.good and self.settings.fail_fast:
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
    earlier = read_json(pipeline.run.summary)
    if not earlier or earlier["status"] not in GOOD:
        return None
    trained = pipeline.kept_training()
    if trained is None:
        return None
    delivery = Delivery(pipeline.run, pipeline.plan, trained, pipeline.launcher, pipeline.watch, pipeline.clock)
    return earlier if not any(target.routes for target in delivery.targets) else None
