"""PARENT: the plan of a sweep, made before any process starts: its jobs, composed, validated and keyed by training."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from factory.config.composition.compose import Config
from factory.config.composition.grid import Grid
from factory.config.load import validate_config
from factory.config.packages import check_packages
from factory.config.schema.nodes import Judged
from factory.config.schema.splits import split_files
from factory.core import sweep_documents
from factory.core.errors import ConfigError, DataError, FactoryError
from factory.core.files import key_of, write_text
from factory.core.messages import wrong
from factory.core.passwords import without_passwords
from factory.core.read_documents import check_document
from factory.core.reading import json_object, read_text
from factory.execution.environment import Environment
from factory.pipeline.plan import Plan

PLAN = "plan.jsonl"


@dataclass(frozen=True)
class Job:
    """A planned job of a sweep.

    Args:
        number: its position in the sweep.
        overrides: the overrides in which it differs, as the sweeper gives them.
        folder: its run folder.
        train_key: cache key of its training; jobs with the same key can share one training.
        same_as: number of an earlier job with an identical config; then this job is not run.
        fault: why its config was refused, one line for each problem.
    """

    number: int
    overrides: tuple[str, ...]
    folder: str
    train_key: str = ""
    same_as: int | None = None
    fault: str | None = None


@dataclass
class Drafting:
    """The drafting of one launch's jobs, with caches of what was validated, since jobs are much alike.

    Args:
        grid: composes the jobs' configs.
        threads: number of threads for jobs whose config does not set it.
        gpu: whether stages find a GPU where they run; None looks at this machine.
        afar: whether stages run on machines that do not have this machine's folders.
        judged: validated parts of configs.
        seen: config key → number of the first job with it.
        preload: environment → modules that its stages import.
        lock: held while Hydra composes.
    """

    grid: Grid
    threads: int
    gpu: bool | None = None
    afar: bool = False
    judged: Judged = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    preload: dict[Environment, dict[str, None]] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)  # Hydra composes one config at a time

    def config(self, number: int, overrides: Sequence[str]) -> Config:
        """Compose a job's config, with its number of threads set, since weights depend on it.

        Raises:
            ConfigError: Hydra cannot compose it.
        """
        with self.lock:
            config = self.grid.config(number, overrides)
        train = config.tree.get("train")
        if isinstance(train, dict) and train.get("threads") is None:
            train["threads"] = self.threads
        return config

    def validated_plan(self, config: Config) -> Plan:
        """Validate a config and plan its run; note what its stages import.

        Raises:
            ConfigError: the config is refused.
        """
        validate_config(config.tree, self.judged)
        check_packages(config.tree)
        if self.afar:
            refuse_near(config.tree["data"])
        plan = Plan(config.tree, self.gpu)
        for environment, modules in plan.warm().items():
            self.preload.setdefault(environment, {}).update(dict.fromkeys(modules))
        return plan

    def job(self, number: int, overrides: Sequence[str]) -> Job:
        """Return the planned job; one whose config is refused carries the problems as its ``fault``."""
        words = without_passwords(tuple(word.removeprefix("++") for word in overrides))
        job = Job(number, words, str(self.grid.folder / str(number)))
        try:
            config = self.config(number, overrides)
            job = replace(job, folder=config.run_dir)
            plan = self.validated_plan(config)
            first = self.seen.setdefault(key_of(config.tree), number)
            return replace(job, train_key=plan.train_key, same_as=None if first == number else first)
        except FactoryError as error:
            return replace(job, fault=str(error))


def refuse_near(data: Mapping[str, Any]) -> None:
    """Refuse relative paths of data files, which other machines cannot find.

    Raises:
        DataError: a path is relative to this machine's folder.
    """
    paths = {"data.path": data.get("path"), **split_files(data)}
    takes = "an absolute path that every node has: with launcher.storage only run folders travel"
    near = [wrong(key, path, takes) for key, path in paths.items() if path and not Path(path).is_absolute()]
    if near:
        raise DataError(near)


def draft(drafting: Drafting, job_overrides: Sequence[Sequence[str]], first: int) -> list[Job]:
    """Plan the jobs of a launch and write the plan into the sweep's folder.

    Args:
        drafting: composes and validates.
        job_overrides: a list of overrides for each job.
        first: number of the first job.

    Raises:
        ConfigError: the folder holds another sweep, or every job is refused; then nothing is written.
    """
    folder = drafting.grid.folder
    known = read_jobs(folder)
    jobs = [drafting.job(number, overrides) for number, overrides in enumerate(job_overrides, first)]
    if any(job.number in known and known[job.number].overrides != job.overrides for job in jobs):
        raise ConfigError(f"hydra.sweep.dir: {folder} holds another sweep; give another folder")
    problems = list(dict.fromkeys(line for job in jobs for line in (job.fault or "").splitlines()))
    if jobs and all(job.fault for job in jobs):
        raise ConfigError(problems)
    lines = {**known, **{job.number: job for job in jobs}}
    write_text(folder / PLAN, "".join(json.dumps(asdict(lines[number])) + "\n" for number in sorted(lines)))
    return jobs


def read_jobs(folder: Path) -> dict[int, Job]:
    """Read the planned jobs of a sweep's folder, by number; empty where there is no plan.

    Raises:
        ConfigError: a line is not a valid job.
    """
    jobs = {}
    for number, line in enumerate((read_text(folder / PLAN) or "").splitlines(), 1):
        where = f"{folder / PLAN}, line {number}"
        fields = check_document(json_object(line, where), sweep_documents.Job, where)
        jobs[fields["number"]] = Job(**{**fields, "overrides": tuple(fields["overrides"])})
    return jobs
