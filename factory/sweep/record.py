"""PARENT: the sweep record: a sweep's plan and outcomes read from its folder, also of one killed or still running."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from factory.core import sweep_documents
from factory.core.errors import ConfigError
from factory.core.read_documents import read_document, read_summary
from factory.core.rundir import RunDir
from factory.sweep import plan
from factory.sweep.command import RECORD
from factory.sweep.outcome import Outcome, repeated
from factory.sweep.plan import Job
from factory.sweep.ranking import Aim


@dataclass(frozen=True)
class SweepRecord:
    """A sweep's plan and the outcomes so far.

    Args:
        folder: of the sweep.
        summary: sweep.json.
        jobs: all planned jobs.
        outcomes: outcomes of the jobs that ended, by number.
        aims: the objectives; the first decides the ranking, several of them have a Pareto front.
    """

    folder: Path
    summary: Mapping[str, Any]
    jobs: Sequence[Job]
    outcomes: Sequence[Outcome]
    aims: Sequence[Aim]

    @property
    def aim(self) -> Aim:
        """Return the first objective, which decides the ranking."""
        return self.aims[0]

    @classmethod
    def of(cls, folder: Path, outcomes: Sequence[Outcome], aims: Sequence[Aim]) -> SweepRecord:
        """Make the record of a sweep that has just ended and whose outcomes are known.

        Raises:
            ConfigError: sweep.json or the plan is not valid.
        """
        record = read_document(folder / RECORD, sweep_documents.Sweep) or {}
        return cls(folder, record, list(plan.read_jobs(folder).values()), outcomes, aims)


def read_record(folder: Path) -> SweepRecord:
    """Read the sweep record of a folder.

    Raises:
        ConfigError: it is no sweep's folder, or its sweep.json or plan is not valid.
    """
    summary = read_document(folder / RECORD, sweep_documents.Sweep)
    if summary is None:
        raise ConfigError(f"sweep: got {str(folder)!r}; takes the folder of a sweep, one that holds a {RECORD}")
    jobs = [located(folder, job) for job in plan.read_jobs(folder).values()]
    aims = [Aim(**fields) for fields in summary["aims"]]
    return SweepRecord(folder, summary, jobs, list(outcomes(jobs)), aims)


def located(folder: Path, job: Job) -> Job:
    """Return the job with the present path of its run folder, since a sweep's folder may have been moved."""
    path = Path(job.folder)
    tails = (folder.joinpath(*path.parts[start:]) for start in range(1, len(path.parts)))
    found = path if path.is_dir() else next((tail for tail in tails if tail.is_dir()), path)
    return replace(job, folder=str(found))


def outcomes(jobs: Sequence[Job]) -> Iterator[Outcome]:
    """Yield the outcome of every job that ended, in the order of the jobs."""
    ended: dict[int, Outcome] = {}
    failed: dict[str, Outcome] = {}
    for job in jobs:
        if outcome := alone(job):
            ended[job.number] = outcome
            if outcome.at_fault and not job.fault:
                failed.setdefault(job.train_key, outcome)
    for job in jobs:
        outcome = ended.get(job.number)
        if outcome is None and job.same_as in ended:
            outcome = repeated(ended[job.same_as], job)
        elif outcome is None and (donor := failed.get(job.train_key)) and job.same_as is None:
            outcome = Outcome(job, "failed", f"shares the training of job {donor.job.number}: {donor.error}")
        if outcome:
            yield outcome


def alone(job: Job) -> Outcome | None:
    """Return a job's outcome by its own config and run folder alone; None where it has not ended."""
    if job.fault:
        return Outcome(job, "failed", "; ".join(job.fault.splitlines()))
    try:
        summary = read_summary(RunDir(Path(job.folder)))
    except ConfigError as error:  # the outcomes of the other jobs do not depend on this file
        return Outcome(job, "failed", str(error))
    if summary is None or summary["status"] == "running":
        return None
    reason = summary.get("error")
    return Outcome.of(job, summary, error="; ".join(reason.splitlines()) if reason else None)
