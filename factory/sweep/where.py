"""PARENT: where the stages of a sweep run: on this machine, or on the nodes of a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from factory.errors import FactoryError
from factory.launchers.cluster import Ground
from factory.launchers.local import LocalSite
from factory.launchers.own_ray import OwnRay
from factory.launchers.site import Site
from factory.plan import cores, versions
from factory.sweep.command import RECORD
from factory.sweep.plan import PLAN, Drafting, Job
from factory.sweep.settings import Settings
from factory.version import __version__


def site_of(settings: Settings, at_a_time: int, jobs: Sequence[Job], drafting: Drafting) -> Site:
    """What gives the stages of a launch their seats.

    Args:
        settings: of the sweep.
        at_a_time: stages on this machine.
        jobs: of the launch.
        drafting: of the launch.

    Raises:
        ConfigError: there is no such cluster, or it has no room; a plan that was just written is taken back.
    """
    folder = drafting.grid.folder
    variables = worker_variables(folder)
    if settings.cluster is None:
        return LocalSite(at_a_time, variables)
    cluster, own = settings.cluster, None
    if cluster.address is None:
        own = OwnRay(max(cores(), int((settings.jobs or 0) * cluster.cpus)))
    from factory.launchers.ray import RaySite  # here: it takes half a second, and reads the environment once

    backends = {environment.backend for environment in drafting.preload}
    agreed = {"factory": __version__, **versions(["keras", "numpy", *backends])}
    ground = Ground(Path.cwd(), folder.resolve(), cluster.storage, agreed)
    try:
        return RaySite(cluster, own, settings.jobs, len(jobs), ground, variables)
    except FactoryError:
        if not (folder / RECORD).exists():
            (folder / PLAN).unlink()
        raise


def worker_variables(folder: Path) -> dict[str, str]:
    """JAX keeps what it compiled for the other jobs of the sweep: the same executable, so the same weights."""
    return {
        "JAX_COMPILATION_CACHE_DIR": str((folder / ".cache" / "jax").resolve()),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }
