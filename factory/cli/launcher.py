"""PARENT: What gives the stages of a single run their processes: this machine, or the cluster that sweeps know too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from factory.config.composition.compose import Config
from factory.core.errors import ConfigError
from factory.execution.launcher import Launcher
from factory.execution.local import LocalLauncher
from factory.execution.pool import Pool
from factory.pipeline.plan import Plan
from factory.sweep.placement import on_ray, project_variables
from factory.sweep.settings import ON_A_CLUSTER, Settings


def read_settings(config: Config) -> Settings:
    """Return what ``hydra/launcher`` says; a launcher that knows no cluster has no say in a single run."""
    asked = {name: value for name, value in (config.hydra.get("launcher") or {}).items() if name != "_target_"}
    return Settings.of(asked) if set(ON_A_CLUSTER) <= asked.keys() else Settings()


def fit_launcher(config: Config) -> Config:
    """Return the config with as many threads as the cluster reserves for a stage, unless it says how many."""
    settings, train = read_settings(config), config.tree["train"]
    if settings.cluster is None or train["threads"] is not None:
        return config
    return replace(config, tree={**config.tree, "train": {**train, "threads": settings.threads_each(1)}})


@contextmanager
def open_launcher(config: Config) -> Iterator[Launcher]:
    """Open what ``hydra/launcher`` says; its processes end with the block.

    Raises:
        ConfigError: there is no such cluster, it has no room, or run folders would have to travel to it.
    """
    settings = read_settings(config)
    if settings.cluster is None:
        with LocalLauncher() as launcher:
            yield launcher
        return
    if settings.afar:
        raise ConfigError("launcher.storage: is of sweeps only; a single run needs a folder that every node shares")
    stages = Plan(config.tree, settings.gpu).warm()
    cluster = on_ray(settings.cluster, settings.jobs, len(stages), Path.cwd(), project_variables())
    with Pool(cluster, stages, settings.timeout) as pool:
        yield pool.open_queue()
