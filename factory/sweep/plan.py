"""PARENT: The whole sweep before its first process starts: every job composed, judged, and put to the training it
shares."""

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
from factory.core import documents
from factory.core.documents import check
from factory.core.errors import ConfigError, DataError, FactoryError
from factory.core.files import key_of, write_text
from factory.core.messages import wrong
from factory.core.passwords import without_passwords
from factory.core.reading import json_object, read_text
from factory.execution.environment import Environment
from factory.pipeline.plan import Plan

PLAN = "plan.jsonl"


@dataclass(frozen=True)
class Job:
    """One job of a sweep.

    Args:
        number: its place in the sweep.
        overrides: what makes it differ, as the sweeper says it.
        folder: of its run.
        train_key: of its training; jobs with the same one can share it.
        same_as: an earlier job with the very same config, which then is not run again.
        fault: why its config was refused, one line for each fault.
    """

    number: int
    overrides: tuple[str, ...]
    folder: str
    train_key: str = ""
    same_as: int | None = None
    fault: str | None = None


@dataclass
class Drafting:
    """Judges the jobs of one launch; remembers what it saw, since jobs are much alike.

    Args:
        grid: composes them.
        threads: for jobs whose config leaves them open.
        gpu: whether their stages find one where they run; None looks at this machine.
        afar: whether they run where this machine's folders are not.
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
        """A job's config, with its threads in it, so that its files say what its weights depend on."""
        with self.lock:
            config = self.grid.config(number, overrides)
        train = config.tree.get("train")
        if isinstance(train, dict) and train.get("threads") is None:
            train["threads"] = self.threads
        return config

    def sound(self, config: Config) -> Plan:
        """Judge a config, and remember what its stages import.

        Raises:
            ConfigError: it is refused.
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
        words = without_passwords(tuple(word.removeprefix("++") for word in overrides))
        job = Job(number, words, str(self.grid.folder / str(number)))
        try:
            config = self.config(number, overrides)
            job = replace(job, folder=config.run_dir)
            plan = self.sound(config)
            first = self.seen.setdefault(key_of(config.tree), number)
            return replace(job, train_key=plan.train_key, same_as=None if first == number else first)
        except FactoryError as error:
            return replace(job, fault=str(error))


def refuse_near(data: Mapping[str, Any]) -> None:
    """Refuse data files that other machines cannot find.

    Raises:
        DataError: a path is relative to this machine's folder.
    """
    paths = {"data.path": data.get("path"), "data.split.file": (data.get("split") or {}).get("file")}
    takes = "an absolute path that every node has: with launcher.storage only run folders travel"
    near = [wrong(key, path, takes) for key, path in paths.items() if path and not Path(path).is_absolute()]
    if near:
        raise DataError(near)


def draft(drafting: Drafting, job_overrides: Sequence[Sequence[str]], first: int) -> list[Job]:
    """Plan the jobs of a launch and write them down.

    Args:
        drafting: composes and judges.
        job_overrides: a list of overrides for each job.
        first: number of the first job.

    Raises:
        ConfigError: the folder holds another sweep, or no job can run; then nothing is written.
    """
    folder = drafting.grid.folder
    known = read(folder)
    jobs = [drafting.job(number, overrides) for number, overrides in enumerate(job_overrides, first)]
    if any(job.number in known and known[job.number].overrides != job.overrides for job in jobs):
        raise ConfigError(f"hydra.sweep.dir: {folder} holds another sweep; give another folder")
    problems = list(dict.fromkeys(line for job in jobs for line in (job.fault or "").splitlines()))
    if jobs and all(job.fault for job in jobs):
        raise ConfigError(problems)
    lines = {**known, **{job.number: job for job in jobs}}
    write_text(folder / PLAN, "".join(json.dumps(asdict(lines[number])) + "\n" for number in sorted(lines)))
    return jobs


def read(folder: Path) -> dict[int, Job]:
    """The jobs that were planned in a sweep's folder, by number.

    Raises:
        ConfigError: a line is of no job.
    """
    jobs = {}
    for number, line in enumerate((read_text(folder / PLAN) or "").splitlines(), 1):
        where = f"{folder / PLAN}, line {number}"
        fields = check(json_object(line, where), documents.Job, where)
        jobs[fields["number"]] = Job(**{**fields, "overrides": tuple(fields["overrides"])})
    return jobs
