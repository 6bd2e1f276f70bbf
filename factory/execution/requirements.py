"""PARENT: Settings of a cluster and requirements on its nodes, without the cluster engine itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from factory.config.packages import absent
from factory.core.errors import MissingPackage

GIB = 1 << 30  # bytes
STORAGE = "storage.json"  # file in a sweep's folder: the URL through which its run folders are synchronized


@dataclass(frozen=True)
class ClusterSettings:
    """The cluster that runs the stages of a sweep, and the resources that each stage reserves.

    Args:
        address: ``auto``, ``host:port`` or ``ray://host:10001``; None starts Ray on this machine.
        cpus: CPUs of a stage.
        gpus: GPUs of a stage; a fraction shares one.
        memory: memory of a stage, in GiB.
        storage: fsspec URL through which run folders are synchronized; None where every node has the sweep's folder at
            the same path.
    """

    address: str | None = None
    cpus: float = 1.0
    gpus: float = 0.0
    memory: float = 1.0
    storage: str | None = None

    def resources(self) -> dict[str, float]:
        """Return the resources of a stage under Ray's names, memory in bytes."""
        amounts = {"CPU": float(self.cpus), "GPU": float(self.gpus), "memory": float(int(self.memory * GIB))}
        return {name: amount for name, amount in amounts.items() if amount}

    def room(self, node: Mapping[str, float]) -> int:
        """Return how many stages a node with these resources holds."""
        return min(int(node.get(name, 0.0) / amount) for name, amount in self.resources().items())


@dataclass(frozen=True)
class NodeRequirements:
    """The requirements of a sweep on every node that runs its stages.

    Args:
        folder: the parent's working folder, which relative paths start from.
        root: the sweep's folder, an absolute path.
        storage: URL through which run folders are synchronized, None for a shared folder; see `ClusterSettings`.
        versions: package → version, of the packages that decide what is computed.
        project: the project's folder, which every node must have at the same path; None without one.
        code: `project_digest` of that folder.
    """

    folder: Path
    root: Path
    storage: str | None
    versions: Mapping[str, str | None]
    project: Path | None = None
    code: str = ""


def check_installed() -> None:
    """Check that the packages of the Ray launcher are installed.

    Raises:
        MissingPackage: Ray or fsspec is not installed.
    """
    if absent(["ray", "fsspec"]):
        raise MissingPackage("hydra/launcher: got 'factory_ray', which needs ray; pip install 'factory[ray]'")
