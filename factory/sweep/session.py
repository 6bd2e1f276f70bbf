"""One command of a sweep: what Hydra's sweeper sends, from the plan to the leaderboard."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import DictConfig
from rich.console import Console

from factory.errors import FactoryError, Interrupted
from factory.launchers.pool import Pool
from factory.places import folders
from factory.plan import wants_gpu
from factory.rundir import RunDir, read_json, write_json
from factory.sweep import leaderboard, show
from factory.sweep.command import RECORD
from factory.sweep.grid import Grid
from factory.sweep.outcome import Aim, Outcome, ranked
from factory.sweep.plan import PLAN, Drafting, draft
from factory.sweep.runner import Runner
from factory.sweep.settings import Settings
from factory.sweep.where import site_of


class Sweep:
    """Hydra's task function, and what our launcher hands its jobs to.

    Args:
        command: the words that were typed; the same again go on with the sweep.
        config_dir: the user's folder of groups.
        console: where to show it.
        alone: runs one job under a launcher that is not ours; answers with an exit code.
    """

    def __init__(
        self, command: Sequence[str], config_dir: str | None, console: Console, alone: Callable[[DictConfig], int]
    ) -> None:
        self.command, self.places, self.console, self.alone = list(command), folders(config_dir), console, alone
        self.outcomes: list[Outcome] = []
        self.exit_code = 0

    def __call__(self, composed: DictConfig) -> None:
        self.exit_code = self.exit_code or self.alone(composed)

    def launch(
        self,
        loader: ConfigLoader,
        master: DictConfig,
        fields: Mapping[str, Any],
        job_overrides: Sequence[Sequence[str]],
        first: int,
    ) -> list[JobReturn]:
        """Plan and run jobs.

        Args:
            loader: Hydra's, for composing.
            master: the sweep's own config.
            fields: ``hydra.launcher``.
            job_overrides: a list of overrides for each job.
            first: number of the first one.

        Returns:
            For each job its value of what the leaderboard is sorted by, None where it failed.

        Raises:
            ConfigError: nothing can run; a fresh folder is not left behind.
            Interrupted: Ctrl-C; the same command goes on.
        """
        grid = Grid(loader, master, self.places)
        try:
            with RunDir(grid.folder).locked():
                return self.run(grid, Settings.of(fields), job_overrides, first)
        finally:
            if not (grid.folder / PLAN).exists():
                leave_nothing(grid.folder)

    def run(
        self, grid: Grid, settings: Settings, job_overrides: Sequence[Sequence[str]], first: int
    ) -> list[JobReturn]:
        began = time.monotonic()
        earlier = read_json(grid.folder / RECORD) or {}
        at_a_time = settings.at_a_time(len(job_overrides), gpu=wants_gpu("auto"))
        threads = earlier.get("threads") or settings.threads_each(at_a_time)  # weights may depend on it: as it was
        drafting = Drafting(grid, threads, settings.gpu, settings.afar)
        jobs = draft(drafting, job_overrides, first)
        planned = time.monotonic() - began
        site = site_of(settings, at_a_time, len(jobs), grid.folder)
        record = {
            "command": self.command,
            "jobs": first + len(jobs),
            "at_a_time": site.limit,
            "threads": threads,
            "planning_seconds": round(planned, 3),
        }
        write_json(grid.folder / RECORD, {**record, "status": "running"})
        preload = {environment: tuple(modules) for environment, modules in drafting.preload.items()}
        aim = Aim.of(settings)
        overrides = dict(enumerate(job_overrides, first))
        pool = Pool(site, preload, settings.timeout)
        display = show.display(self.console, jobs, aim)
        runner = Runner(drafting, jobs, overrides, pool, settings, display)
        status = "interrupted"
        try:
            with pool, display:
                found = runner.run()
            status = "done" if len(found) == len(jobs) else "stopped"
        except KeyboardInterrupt:
            raise Interrupted(f"interrupted; the same command with hydra.sweep.dir={grid.folder} goes on") from None
        finally:
            self.outcomes += sorted(runner.outcomes.values(), key=lambda outcome: outcome.job.number)
            self.conclude(grid.folder, drafting, overrides, aim)
            seconds = round(time.monotonic() - began, 3)
            write_json(grid.folder / RECORD, {**record, "status": status, "seconds": seconds, **self.counts()})
        return [returned(runner.outcomes.get(job.number), job.overrides, aim) for job in jobs]

    def conclude(self, folder: Path, drafting: Drafting, overrides: Mapping[int, Sequence[str]], aim: Aim) -> None:
        """Leaderboard, table and best run of all that ended so far."""
        if not self.outcomes:
            return
        leaderboard.write(folder, self.outcomes, aim)
        leaderboard.show(self.outcomes, aim, self.console)
        best = ranked(self.outcomes, aim)[0]
        if best.good and best.metrics and best.job.number in overrides:
            config = drafting.config(best.job.number, overrides[best.job.number])
            leaderboard.write_best(folder, config.tree, best)
            self.say(f"best: python -m factory --config-dir {folder / 'best'} experiment=best")
        self.say(f"leaderboard: {folder / 'leaderboard.csv'}")
        if not all(outcome.good for outcome in self.outcomes):
            self.exit_code = FactoryError.exit_code

    def say(self, line: str) -> None:
        self.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def counts(self) -> dict[str, int]:
        good = sum(outcome.good for outcome in self.outcomes)
        return {"done": good, "failed": len(self.outcomes) - good, "kept": sum(o.kept for o in self.outcomes)}


def leave_nothing(folder: Path) -> None:
    """Remove the folder of a sweep that never began, unless there is something of the user's in it."""
    for name in (".lock", "multirun.yaml"):
        (folder / name).unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        folder.rmdir()


def returned(outcome: Outcome | None, overrides: Sequence[str], aim: Aim) -> JobReturn:
    """What Hydra's sweepers read of a job."""
    found = JobReturn(overrides=list(overrides), status=JobStatus.COMPLETED)
    found.return_value = aim.value(outcome.metrics) if outcome and outcome.good else None
    return found
