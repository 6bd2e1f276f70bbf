"""PARENT: the adapter between Hydra's launcher and sweeper plug-ins and a sweep session."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from hydra.core.config_loader import ConfigLoader
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import DictConfig, OmegaConf

from factory.config.composition.folders import config_search_path
from factory.config.composition.grid import Grid
from factory.core import messages
from factory.core.errors import ConfigError
from factory.core.terminal import Terminal
from factory.sweep.outcome import Outcome
from factory.sweep.ranking import Aim
from factory.sweep.search.search import Wanted
from factory.sweep.session import Session, locked_folder
from factory.sweep.settings import Settings
from factory.tracking.tracking import Tracking


class Sweep:
    """Hydra's task function, to which our launcher and sweeper plug-ins hand their jobs.

    Args:
        command: the overrides that were typed; the same ones again go on with the sweep.
        config_dir: the user's folder of groups.
        console: where the sweep is shown.
        alone: runs one job under a launcher that is not ours; returns an exit code.
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
        self.alone, self.search_path = alone, config_search_path(config_dir)
        self.session = Session(command, config_dir, console, tracking)

    def __call__(self, composed: DictConfig) -> None:
        self.session.exit_code = self.session.exit_code or self.alone(composed)

    def launch(
        self,
        loader: ConfigLoader,
        master: DictConfig,
        fields: Mapping[str, Any],
        job_overrides: Sequence[Sequence[str]],
        first: int,
    ) -> list[JobReturn]:
        """Plan and run the jobs of one launch.

        Args:
            loader: Hydra's config loader, which composes the jobs.
            master: the sweep's own config.
            fields: ``hydra.launcher``.
            job_overrides: a list of overrides for each job.
            first: number of the first job.

        Returns:
            For each job the value that the leaderboard is sorted by, None where the job failed.

        Raises:
            ConfigError: no job can run; a new folder is removed again.
            Interrupted: Ctrl-C; the same command goes on.
        """
        grid = Grid(loader, master, self.search_path)
        with locked_folder(grid.folder):
            settings = Settings.of(fields)
            jobs, outcomes = self.session.run_jobs(grid, settings, job_overrides, first)
        aim = Aim.of(settings)
        return [returned(outcomes.get(job.number), job.overrides, aim) for job in jobs]

    def search(self, loader: ConfigLoader, master: DictConfig, words: Sequence[str]) -> None:
        """Run a search, in which the results of earlier jobs decide the overrides of later ones.

        Args:
            loader: Hydra's config loader, which composes the trials.
            master: the search's own config, with its options in ``hydra.sweeper`` and ``hydra.launcher``.
            words: overrides, those of the search space included.

        Raises:
            ConfigError: no trial can run; a new folder is removed again.
            Interrupted: Ctrl-C; the same command goes on.
        """
        node = cast(dict[str, Any], OmegaConf.to_container(master.hydra, resolve=False))
        launcher = {name: value for name, value in node["launcher"].items() if name != "_target_"}
        if "jobs" not in launcher:
            raise ConfigError(messages.wrong("hydra/launcher", node["runtime"]["choices"]["hydra/launcher"], "factory"))
        grid, settings = Grid(loader, master, self.search_path), Settings.of(launcher)
        with locked_folder(grid.folder):
            self.session.run_search(grid, settings, Wanted.of(node["sweeper"]), words)

    def release(self) -> None:
        """Publish the best training of a sweep that is done.

        Raises:
            PublishError: the folder of versions cannot be written.
        """
        self.session.release()

    @property
    def exit_code(self) -> int:
        """Return the exit code of the command so far."""
        return self.session.exit_code


def returned(outcome: Outcome | None, overrides: Sequence[str], aim: Aim) -> JobReturn:
    """Return a job's result as Hydra's sweepers read it."""
    found = JobReturn(overrides=list(overrides), status=JobStatus.COMPLETED)
    found.return_value = aim.value(outcome.metrics) if outcome and outcome.good else None
    return found
