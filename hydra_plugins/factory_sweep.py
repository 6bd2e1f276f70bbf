"""Hydra plug-ins, which must lie in Hydra's namespace: a launcher and two sweepers that call `factory.sweep`."""

# No `from __future__ import annotations`: Hydra reads the types of the dataclass at run time.

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hydra._internal.core_plugins.basic_launcher import BasicLauncher
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper, BasicSweeperConf
from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.utils import JobReturn
from hydra.errors import HydraException
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from factory.config.composition import product


@dataclass
class FactoryLauncherConf:
    """The options of ``hydra.launcher``, or ``launcher`` for short: how the jobs of a sweep share this machine."""

    _target_: str = "hydra_plugins.factory_sweep.FactoryLauncher"
    jobs: int | None = None  # processes at a time; null takes what cores and free memory allow
    threads: int | None = None  # of a job whose train.threads is null; null divides the cores among the jobs
    timeout: float | None = None  # seconds that one training or one export of a job may take
    fail_fast: bool = False  # the first failure stops the sweep
    reuse: bool = True  # jobs that differ only in what follows training share one
    metric: str = "auto"  # what the leaderboard is sorted by; auto takes the first metric, else the loss
    mode: str = "auto"  # min, max
    publish: str = "best"  # to the config's models, once the sweep is done; all publishes each job there as it ends


class FactoryLauncher(Launcher):
    """A launcher that gives the jobs of a sweep to our task function, or runs those of another program."""

    def __init__(self, **settings: Any) -> None:
        self.settings = settings

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Keep what Hydra gives each launcher."""
        self.context, self.task, self.config = hydra_context, task_function, config

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Run the jobs, each given by its overrides, and return their results in the same order."""
        if hasattr(self.task, "launch"):
            loader = self.context.config_loader
            return self.task.launch(loader, self.config, self.settings, job_overrides, initial_job_idx)
        basic = BasicLauncher()  # the program is not our command line: its function is called as Hydra would
        basic.setup(hydra_context=self.context, task_function=self.task, config=self.config)
        return basic.launch(job_overrides, initial_job_idx)


@dataclass
class FactoryRayLauncherConf(FactoryLauncherConf):
    """The options of ``hydra/launcher=factory_ray``: the jobs run on the nodes of a Ray cluster."""

    address: str | None = None  # of a cluster; null starts Ray on this machine, for this sweep
    cpus: float = 1  # that a stage reserves
    gpus: float = 0  # that a stage reserves; 0 trains without
    memory: float = 1  # GiB that a stage reserves
    storage: str | None = None  # URL that run folders travel by; null: the nodes share this folder


class FactorySweeper(BasicSweeper):
    """Hydra's basic sweeper, but that it counts jobs first and leaves composing (50 ms each) to the launcher."""

    def sweep(self, arguments: list[str]) -> list[Any]:
        """Launch every combination of the swept overrides; return the results or raise a failed job's error."""
        parser = OverridesParser.create(config_loader=self.hydra_context.config_loader)
        jobs = product.jobs(parser.parse_overrides([*self._parse_config(), *arguments]))
        size = self.max_batch_size or len(jobs)
        batches = []
        for first in range(0, len(jobs), size):
            batches.append(self.launcher.launch(jobs[first : first + size], initial_job_idx=first))
            for result in batches[-1]:
                _ = result.return_value  # raises the error of a job that failed
        return batches


@dataclass
class FactorySweeperConf(BasicSweeperConf):
    """The options of our grid sweeper."""

    _target_: str = "hydra_plugins.factory_sweep.FactorySweeper"


@dataclass
class FactorySearchConf:
    """The options of ``hydra.sweeper`` in a search, or ``search`` for short: trials whose values Optuna chooses."""

    _target_: str = "hydra_plugins.factory_sweep.FactorySearch"
    trials: int = 20  # in all, those of earlier commands on the same study included
    sampler: Any = "TPESampler"  # of optuna.samplers: a name, or {name: {argument: value}}
    pruner: Any = None  # of optuna.pruners, likewise; null lets every trial end
    objectives: Any = None  # a name, a list of names, or name → max, min; null takes what the leaderboard is sorted by
    seed: int | None = 0  # of the sampler; null draws anew each time
    storage: str | None = None  # an URL that Optuna knows; null keeps a journal in the folder of the sweep
    study: str | None = None  # name in the storage; null takes the folder of the sweep
    params: dict[str, Any] = field(default_factory=dict)  # the space in YAML; words of the command line go before it


class FactorySearch(Sweeper):
    """A sweeper that gives the search space to our task function."""

    def __init__(self, **settings: Any) -> None:
        self.settings = settings

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Keep what Hydra gives each sweeper."""
        self.context, self.task, self.config = hydra_context, task_function, config

    def sweep(self, arguments: list[str]) -> Any:
        """Run the search over the space in these overrides."""
        if not hasattr(self.task, "search"):
            raise HydraException("hydra/sweeper=search: searches are for python -m factory")
        return self.task.search(self.context.config_loader, self.config, arguments)


store = ConfigStore.instance()
store.store(group="hydra/launcher", name="factory", node=FactoryLauncherConf, provider="factory")
store.store(group="hydra/launcher", name="factory_ray", node=FactoryRayLauncherConf, provider="factory")
store.store(group="hydra/sweeper", name="factory", node=FactorySweeperConf, provider="factory")
store.store(group="hydra/sweeper", name="search", node=FactorySearchConf, provider="factory")
