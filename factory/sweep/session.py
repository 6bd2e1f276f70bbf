"""PARENT: the session of one sweep or search command, from the plan to the leaderboard."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from factory.config.composition.grid import Grid
from factory.core import locks, sweep_documents
from factory.core.disk import refusals_as, writable
from factory.core.errors import FactoryError, Interrupted
from factory.core.files import write_json
from factory.core.passwords import without_passwords
from factory.core.read_documents import read_document
from factory.core.terminal import Terminal
from factory.execution.pool import Pool
from factory.pipeline.plan import wants_gpu
from factory.report import table
from factory.sweep.command import JOURNAL, RECORD
from factory.sweep.outcome import Outcome
from factory.sweep.placement import cluster_of
from factory.sweep.plan import PLAN, Drafting, Job, draft
from factory.sweep.ranking import Aim, best_first, front
from factory.sweep.record import SweepRecord
from factory.sweep.release import Release
from factory.sweep.report import leaderboard
from factory.sweep.report import live as show
from factory.sweep.report.draw import draw_page
from factory.sweep.runner import Runner
from factory.sweep.search.pruning import Pruning
from factory.sweep.search.search import Search, Wanted
from factory.sweep.settings import Settings
from factory.tracking.tracking import Tracking

FOLDER = "hydra.sweep.dir"


class Session:
    """The state that all launches of one command share: outcomes so far, what is to be published, the exit code.

    Args:
        command: the overrides that were typed; the same ones again go on with the sweep.
        config_dir: the user's folder of groups.
        console: where the sweep is shown.
        tracking: records the jobs, and the sweep as the run that they are nested in.
    """

    def __init__(self, command: Sequence[str], config_dir: str | None, console: Terminal, tracking: Tracking) -> None:
        self.command, self.config_dir, self.console = without_passwords(list(command)), config_dir, console
        self.tracking = tracking
        self.outcomes: list[Outcome] = []
        self.to_release: Release | None = None
        self.exit_code = 0

    def run_jobs(
        self, grid: Grid, settings: Settings, job_overrides: Sequence[Sequence[str]], first: int
    ) -> tuple[list[Job], Mapping[int, Outcome]]:
        """Plan and run the jobs of one launch.

        Args:
            grid: composes the jobs.
            settings: how jobs share this machine, or a cluster.
            job_overrides: a list of overrides for each job.
            first: number of the first job.

        Returns:
            The jobs, and number → outcome of those that ended.

        Raises:
            ConfigError: no job can run.
            Interrupted: Ctrl-C.
        """
        began = time.monotonic()
        drafting, at_a_time = self.drafting(grid, settings, len(job_overrides))
        with writable(grid.folder, FOLDER):
            jobs = draft(drafting, job_overrides, first)
        overrides = dict(enumerate(job_overrides, first))
        aim, pool = Aim.of(settings), self.pool(drafting, settings, at_a_time, len(jobs))
        display = show.display(self.console, jobs, aim)
        runner = Runner(drafting, jobs, overrides, pool, settings, display, self.tracking)
        self.carry_out(runner, display, [aim], {"jobs": first + len(jobs)}, began)
        return jobs, runner.outcomes

    def run_search(self, grid: Grid, settings: Settings, wanted: Wanted, words: Sequence[str]) -> None:
        """Run a search until there are as many trials as are wanted.

        Args:
            grid: composes trials.
            settings: how trials share this machine, or a cluster.
            wanted: the options of the search.
            words: overrides, those of the search space included.

        Raises:
            ConfigError: the search is refused; nothing has started.
            Interrupted: Ctrl-C.
        """
        began = time.monotonic()
        search = Search.of(grid, settings, wanted, words, self.config_dir)
        drafting, at_a_time = self.drafting(grid, settings, wanted.trials)
        with search.trials(drafting) as trials:
            aims, keys = search.objectives.aims, search.space.keys
            screen = show.display(self.console, [], aims[0], keys, wanted.trials)
            pruning = Pruning(trials, search.objectives, wanted.prunes, screen)
            pool = self.pool(drafting, settings, at_a_time, wanted.trials)
            runner = Runner(drafting, [], trials.overrides, pool, settings, pruning, self.tracking, trials)
            for outcome in trials.lost:
                runner.outcomes[outcome.job.number] = outcome
                screen.ended(outcome)
            self.carry_out(runner, screen, aims, {"jobs": wanted.trials, "search": keys}, began)

    def drafting(self, grid: Grid, settings: Settings, count: int) -> tuple[Drafting, int]:
        """Return the drafting of the jobs, and how many stages run at a time."""
        earlier = read_document(grid.folder / RECORD, sweep_documents.Sweep) or {}
        at_a_time = settings.at_a_time(count, gpu=wants_gpu("auto"))
        threads = earlier.get("threads") or settings.threads_each(at_a_time)  # kept on resuming: weights depend on it
        return Drafting(grid, threads, settings.gpu, settings.afar), at_a_time

    def pool(self, drafting: Drafting, settings: Settings, at_a_time: int, most: int) -> Pool:
        """Return the pool of workers, here or on a cluster, for ``most`` jobs in all."""
        cluster = cluster_of(settings, at_a_time, most, drafting.grid.folder)
        return Pool(cluster, drafting.preload, settings.timeout)

    def carry_out(
        self, runner: Runner, display: show.Lines, aims: Sequence[Aim], record: Mapping[str, Any], began: float
    ) -> None:
        """Run a prepared sweep, keep its record, and show its results.

        Args:
            runner: the runner, not started.
            display: the live display.
            aims: the objectives; the first decides the ranking, several of them have a Pareto front.
            record: further fields of sweep.json.
            began: when planning began, in seconds of the monotonic clock.

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
        """Write the leaderboard and the best job's config of all that ended so far, and print the table.

        Returns:
            The release of the best job, None where the best job is not of this launch.
        """
        if not self.outcomes:
            return None
        aim, unbeaten = aims[0], front(self.outcomes, aims)
        leaderboard.write(folder, self.outcomes, aim, unbeaten)
        leaderboard.show(self.outcomes, aim, self.console, unbeaten)
        found, order = None, best_first(self.outcomes, aim)
        best = order[0]
        if best.good and best.metrics and best.job.number in overrides:
            config = drafting.config(best.job.number, overrides[best.job.number])
            found = Release(order, config.tree)
            leaderboard.write_best(folder, config.tree, best)
            self.say(f"best: python -m factory --config-dir {folder / 'best'} experiment=best")
        self.say(f"leaderboard: {folder / 'leaderboard.csv'}")
        if any(outcome.failed for outcome in self.outcomes):
            self.exit_code = FactoryError.exit_code
        return found

    def release(self) -> None:
        """Publish the best training of a sweep that is done, and print where it lies.

        Raises:
            PublishError: the folder of versions cannot be written.
        """
        for line in table.serving({"targets": self.to_release.publish()}) if self.to_release else ():
            self.say(line)

    def draw(self, folder: Path, aims: Sequence[Aim]) -> None:
        """Write sweep.html and print its path; done last, since nothing depends on it."""
        if self.outcomes and (page := draw_page(SweepRecord.of(folder, self.outcomes, aims))):
            self.say(f"report: {page}")

    def say(self, line: str) -> None:
        self.console.say(line)

    def counts(self) -> dict[str, int]:
        """Return the numbers of done, failed and kept jobs, as sweep.json holds them."""
        tests = {"done": "good", "failed": "failed", "kept": "kept"}
        return {name: sum(getattr(outcome, test) for outcome in self.outcomes) for name, test in tests.items()}


@contextlib.contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """Lock a sweep's folder for one command; remove a new folder again where nothing was planned.

    Raises:
        FactoryError: the folder cannot be written.
    """
    fresh = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        with locks.locked(folder, FOLDER), refusals_as(FactoryError, f"sweep: {folder}", folder):
            yield
    finally:
        if not (folder / PLAN).exists():
            leave_nothing(folder, fresh)


def leave_nothing(folder: Path, fresh: Sequence[Path]) -> None:
    """Remove the files of a sweep that never started, and the folders in ``fresh`` where they are empty."""
    with contextlib.suppress(OSError):
        for name in (".lock", JOURNAL, f".{JOURNAL}.lock"):
            (folder / name).unlink(missing_ok=True)
        for path in fresh:
            path.rmdir()
