"""PARENT: where the stages of a sweep run: on this machine, or on the nodes of a cluster."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from factory.config.plugins import VARIABLE, project, project_digest
from factory.core.backends import BACKENDS
from factory.core.errors import FactoryError
from factory.core.installed import versions
from factory.core.process import cores
from factory.core.version import __version__
from factory.execution.cluster import Cluster
from factory.execution.local import LocalCluster
from factory.execution.ray.own import OwnRay
from factory.execution.requirements import STORAGE, ClusterSettings, NodeRequirements
from factory.sweep.command import RECORD
from factory.sweep.plan import PLAN
from factory.sweep.settings import Settings


def cluster_of(settings: Settings, at_a_time: int, most: int, folder: Path) -> Cluster:
    """What gives the stages of a launch their slots.

    Args:
        settings: of the sweep.
        at_a_time: stages on this machine.
        most: jobs there will be.
        folder: of the sweep.

    Raises:
        ConfigError: there is no such cluster, or it has no room; a plan that was just written is taken back.
    """
    variables = worker_variables(folder)
    if settings.cluster is None:
        return LocalCluster(at_a_time, variables)
    try:
        return on_ray(settings.cluster, settings.jobs, most, folder, variables)
    except FactoryError:
        take_back(folder)
        raise


def on_ray(
    cluster: ClusterSettings, at_a_time: int | None, most: int, folder: Path, variables: Mapping[str, str]
) -> Cluster:
    from factory.execution.ray.run_folders import url_of  # here: these take half a second, and fsspec comes with Ray

    root = folder.resolve()
    storage = url_of(root, cluster.storage) if cluster.storage else None
    own = project()
    agreed = {"factory": __version__, **versions(["keras", "numpy", *BACKENDS])}
    requirements = NodeRequirements(Path.cwd(), root, storage, agreed, own, project_digest(own) if own else "")
    own_ray = OwnRay(max(cores(), int((at_a_time or 0) * cluster.cpus))) if cluster.address is None else None
    # Imported once our own Ray is there: Ray reads the environment only then.
    from factory.execution.ray.cluster import RayCluster

    return RayCluster(cluster, own_ray, at_a_time, most, requirements, variables)


def project_variables() -> dict[str, str]:
    """Return what tells a worker on any node which project it works in."""
    own = project()
    return {VARIABLE: str(own)} if own else {}


def take_back(folder: Path) -> None:
    """A sweep that never began leaves no plan."""
    if not (folder / RECORD).exists():
        (folder / PLAN).unlink(missing_ok=True)  # a search has none yet
        (folder / STORAGE).unlink(missing_ok=True)


def worker_variables(folder: Path) -> dict[str, str]:
    """JAX keeps what it compiled for the other jobs of the sweep: the same executable, so the same weights."""
    return {
        **project_variables(),
        "JAX_COMPILATION_CACHE_DIR": str((folder / ".cache" / "jax").resolve()),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }
