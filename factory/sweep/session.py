"""One command of a sweep: what Hydra's sweeper sends, from the plan to the leaderboard."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from hydra.core.config_loader import ConfigLoader
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import DictConfig, OmegaConf

from factory import documents, faults, locking
from factory.config.passwords import without_passwords
from factory.disk import refusals_as, writable
from factory.documents import read_document
from factory.errors import ConfigError, FactoryError, Interrupted
from factory.launchers.pool import Pool
from factory.places import folders
from factory.plan import wants_gpu
from factory.report import table
from factory.rundir import write_json
from factory.sweep import leaderboard, past, show
from factory.sweep.command import JOURNAL, RECORD
from factory.sweep.grid import Grid
from factory.sweep.objectives import front
from factory.sweep.outcome import Aim, Outcome, ranked
from factory.sweep.past import Past
from factory.sweep.plan import PLAN, Drafting, draft
from factory.sweep.release import Release
from factory.sweep.runner import Runner
from factory.sweep.search import Search, Wanted
from factory.sweep.settings import Settings
from factory.sweep.where import site_of
from factory.terminal import Terminal
from factory.tracking import Tracking

FOLDER = "hydra.sweep.dir"


class Sweep:
    """Hydra's task function, and what our launcher hands its jobs to.

    Args:
        command: the words that were typed; the same again go on with the sweep.
        config_dir: the user's folder of groups.
        console: where to show it.
        alone: runs one job under a launcher that is not ours; answers with an exit code.
        tracking: records the jobs, and the sweep as the run that they are nested in.
    """

    def __init__(
        self,
        command: Sequence[str],
        config_dir: str | None,
        console: Terminal,
        alone: Callable[[DictConfig], int],
        tracking: Tracking,
    ) -> None:
        self.command, self.config_dir = without_passwords(list(command)), config_dir
        self.console, self.alone = console, alone
        self.places = folders(config_dir)
        self.tracking = tracking
        self.outcomes: list[Outcome] = []
        self.to_release: Release | None = None
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
        with held(grid.folder):
            return self.run(grid, Settings.of(fields), job_overrides, first)

    def search(self, loader: ConfigLoader, master: DictConfig, words: Sequence[str]) -> None:
        """Run a search: jobs that follow from how earlier ones did.

        Args:
            loader: Hydra's, for composing.
            master: the search's own config, which says how in ``hydra.sweeper`` and ``hydra.launcher``.
            words: overrides, those of the space included.

        Raises:
            ConfigError: nothing can run; a fresh folder is not left behind.
            Interrupted: Ctrl-C; the same command goes on.
        """
        node = cast(dict[str, Any], OmegaConf.to_container(master.hydra, resolve=False))
        launcher = {name: value for name, value in node["launcher"].items() if name != "_target_"}
        if "jobs" not in launcher:
            raise ConfigError(faults.wrong("hydra/launcher", node["runtime"]["choices"]["hydra/launcher"], "factory"))
        grid, settings = Grid(loader, master, self.places), Settings.of(launcher)
        with held(grid.folder):
            Search(self, grid, settings, Wanted.of(node["sweeper"])).run(words)

    def run(
        self, grid: Grid, settings: Settings, job_overrides: Sequence[Sequence[str]], first: int
    ) -> list[JobReturn]:
        began = time.monotonic()
        drafting, at_a_time = self.drafting(grid, settings, len(job_overrides))
        with writable(grid.folder, FOLDER):
            jobs = draft(drafting, job_overrides, first)
        overrides = dict(enumerate(job_overrides, first))
        aim, pool = Aim.of(settings), self.pool(drafting, settings, at_a_time, len(jobs))
        display = show.display(self.console, jobs, aim)
        runner = Runner(drafting, jobs, overrides, pool, settings, display, self.tracking)
        self.carry_out(runner, display, [aim], {"jobs": first + len(jobs)}, began)
        return [returned(runner.outcomes.get(job.number), job.overrides, aim) for job in jobs]

    def drafting(self, grid: Grid, settings: Settings, count: int) -> tuple[Drafting, int]:
        """What composes the jobs, and how many run at a time."""
        earlier = read_document(grid.folder / RECORD, documents.Sweep) or {}
        at_a_time = settings.at_a_time(count, gpu=wants_gpu("auto"))
        threads = earlier.get("threads") or settings.threads_each(at_a_time)  # weights may depend on it: as it was
        return Drafting(grid, threads, settings.gpu, settings.afar), at_a_time

    def pool(self, drafting: Drafting, settings: Settings, at_a_time: int, most: int) -> Pool:
        """The workers, here or on a cluster, for ``most`` jobs in all."""
        site = site_of(settings, at_a_time, most, drafting.grid.folder)
        return Pool(site, drafting.preload, settings.timeout)

    def carry_out(
        self, runner: Runner, display: show.Lines, aims: Sequence[Aim], record: Mapping[str, Any], began: float
    ) -> None:
        """Run what is planned, and say what became of it.

        Args:
            runner: ready.
            display: to be seen while it runs.
            aims: what is best by the first; by several, what no other beats is marked.
            record: goes to the sweep's record.
            began: when planning did, by the monotonic clock.

        Raises:
            Interrupted: Ctrl-C.
        """
        folder, at_a_time = runner.drafting.grid.folder, runner.pool.limit
        record = {
            "command": self.command,
            "config_dir": self.config_dir,
            "aims": [vars(aim) for aim in aims],
            **record,
            "at_a_time": at_a_time,
            "threads": runner.drafting.threads,
            "planning_seconds": round(time.monotonic() - began, 3),
        }
        write_json(folder / RECORD, {**record, "status": "running"})
        status = "interrupted"
        try:
            with runner.pool, display:
                runner.run()
            status = "stopped" if runner.halted.is_set() else "done"
        except KeyboardInterrupt:
            raise Interrupted(f"interrupted; the same command with hydra.sweep.dir={folder} goes on") from None
        finally:
            self.outcomes += sorted(runner.outcomes.values(), key=lambda outcome: outcome.job.number)
            best = self.conclude(folder, runner.drafting, runner.overrides, aims)
            seconds = round(time.monotonic() - began, 3)
            write_json(folder / RECORD, {**record, "status": status, "seconds": seconds, **self.counts()})
            self.draw(folder, aims)
            self.tracking.end_sweep(folder)
        if runner.models:
            self.to_release = (best or self.to_release) if status == "done" else None

    def conclude(
        self, folder: Path, drafting: Drafting, overrides: Mapping[int, Sequence[str]], aims: Sequence[Aim]
    ) -> Release | None:
        """Leaderboard, table and best run of all that ended so far.

        Returns:
            What there is to publish, None where the best one is not of this launch.
        """
        if not self.outcomes:
            return None
        aim, unbeaten = aims[0], front(self.outcomes, aims)
        leaderboard.write(folder, self.outcomes, aim, unbeaten)
        leaderboard.show(self.outcomes, aim, self.console, unbeaten)
        found, best_first = None, ranked(self.outcomes, aim)
        best = best_first[0]
        if best.good and best.metrics and best.job.number in overrides:
            config = drafting.config(best.job.number, overrides[best.job.number])
            found = Release(best_first, config.tree)
            leaderboard.write_best(folder, config.tree, best)
            self.say(f"best: python -m factory --config-dir {folder / 'best'} experiment=best")
        self.say(f"leaderboard: {folder / 'leaderboard.csv'}")
        if any(outcome.failed for outcome in self.outcomes):
            self.exit_code = FactoryError.exit_code
        return found

    def release(self) -> None:
        """Publish the best of a sweep that came to its end.

        Raises:
            PublishError: the folder of versions cannot be written.
        """
        for line in table.serving({"targets": self.to_release.publish()}) if self.to_release else ():
            self.say(line)

    def draw(self, folder: Path, aims: Sequence[Aim]) -> None:
        """The page, last of all: nothing else waits for it or depends on it."""
        if self.outcomes and (page := past.draw(Past.of(folder, self.outcomes, aims))):
            self.say(f"report: {page}")

    def say(self, line: str) -> None:
        self.console.say(line)

    def counts(self) -> dict[str, int]:
        tests = {"done": "good", "failed": "failed", "kept": "kept"}
        return {name: sum(getattr(outcome, test) for outcome in self.outcomes) for name, test in tests.items()}


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """A sweep's folder for one command; a fresh one does not stay where nothing was planned."""
    fresh = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        with locking.locked(folder, FOLDER), refusals_as(FactoryError, f"sweep: {folder}", folder):
            yield
    finally:
        if not (folder / PLAN).exists():
            leave_nothing(folder, fresh)


def leave_nothing(folder: Path, fresh: Sequence[Path]) -> None:
    """Remove what a sweep that never began has made: its files, and the folders that were not there, if empty."""
    with contextlib.suppress(OSError):
        for name in (".lock", JOURNAL, f".{JOURNAL}.lock"):
            (folder / name).unlink(missing_ok=True)
        for path in fresh:
            path.rmdir()


def returned(outcome: Outcome | None, overrides: Sequence[str], aim: Aim) -> JobReturn:
    """What Hydra's sweepers read of a job."""
    found = JobReturn(overrides=list(overrides), status=JobStatus.COMPLETED)
    found.return_value = aim.value(outcome.metrics) if outcome and outcome.good else None
    return found
