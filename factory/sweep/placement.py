"""PARENT: the placement of a sweep's stages: on this machine, or on the nodes of a cluster."""

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
    """Return the cluster that gives the stages of a launch their slots.

    Args:
        settings: of the sweep.
        at_a_time: number of stages that run at once on this machine.
        most: number of jobs in all.
        folder: of the sweep.

    Raises:
        ConfigError: there is no such cluster, or it has no room; a plan that was just written is removed.
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
    """Return the Ray cluster of a sweep; starts one here where the settings name no address."""
    from factory.execution.ray.run_folders import url_of  # here: the import takes 0.5 s, and fsspec comes with Ray

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
    """Return the environment variable that tells a worker on any node its project; none without a project."""
    own = project()
    return {VARIABLE: str(own)} if own else {}


def take_back(folder: Path) -> None:
    """Remove the plan of a sweep that never started."""
    if not (folder / RECORD).exists():
        (folder / PLAN).unlink(missing_ok=True)  # a search has no plan yet
        (folder / STORAGE).unlink(missing_ok=True)


def worker_variables(folder: Path) -> dict[str, str]:
    """Return the environment variables of a sweep's workers.

    JAX keeps compiled executables for the other jobs of the sweep: the same executable gives the same weights.
    """
    return {
        **project_variables(),
        "JAX_COMPILATION_CACHE_DIR": str((folder / ".cache" / "jax").resolve()),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }
