"""PARENT: what Hydra's launcher and sweeper hand over to: a sweep in Hydra's terms, given to a session in ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from hydra.core.config_loader import ConfigLoader
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import DictConfig, OmegaConf

from factory.config.composition.folders import folders
from factory.config.composition.grid import Grid
from factory.core import messages
from factory.core.errors import ConfigError
from factory.core.terminal import Terminal
from factory.sweep.outcome import Outcome
from factory.sweep.ranking import Aim
from factory.sweep.search.search import Wanted
from factory.sweep.session import Session, held
from factory.sweep.settings import Settings
from factory.tracking.tracking import Tracking


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
        self.alone, self.places = alone, folders(config_dir)
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
            settings = Settings.of(fields)
            jobs, outcomes = self.session.run_jobs(grid, settings, job_overrides, first)
        aim = Aim.of(settings)
        return [returned(outcomes.get(job.number), job.overrides, aim) for job in jobs]

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
            raise ConfigError(messages.wrong("hydra/launcher", node["runtime"]["choices"]["hydra/launcher"], "factory"))
        grid, settings = Grid(loader, master, self.places), Settings.of(launcher)
        with held(grid.folder):
            self.session.run_search(grid, settings, Wanted.of(node["sweeper"]), words)

    def release(self) -> None:
        """Publish the best of a sweep that came to its end.

        Raises:
            PublishError: the folder of versions cannot be written.
        """
        self.session.release()

    @property
    def exit_code(self) -> int:
        return self.session.exit_code


def returned(outcome: Outcome | None, overrides: Sequence[str], aim: Aim) -> JobReturn:
    """What Hydra's sweepers read of a job."""
    found = JobReturn(overrides=list(overrides), status=JobStatus.COMPLETED)
    found.return_value = aim.value(outcome.metrics) if outcome and outcome.good else None
    return found
