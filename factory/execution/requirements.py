"""PARENT: what is asked of a cluster, without the cluster engine itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from factory.config.packages import absent
from factory.core.errors import MissingPackage

GIB = 1 << 30  # bytes
STORAGE = "storage.json"  # in a sweep's folder: the URL that its runs travel by


@dataclass(frozen=True)
class ClusterSettings:
    """Where the stages of a sweep run, and what each of them reserves.

    Args:
        address: ``auto``, ``host:port`` or ``ray://host:10001``; None starts Ray on this machine.
        cpus: of a stage.
        gpus: of a stage; a fraction shares one.
        memory: of a stage, in GiB.
        storage: fsspec URL that run folders travel by; None where every node has the sweep's folder at the same path.
    """

    address: str | None = None
    cpus: float = 1.0
    gpus: float = 0.0
    memory: float = 1.0
    storage: str | None = None

    def resources(self) -> dict[str, float]:
        """In Ray's words; memory in bytes."""
        asked = {"CPU": float(self.cpus), "GPU": float(self.gpus), "memory": float(int(self.memory * GIB))}
        return {name: amount for name, amount in asked.items() if amount}

    def room(self, node: Mapping[str, float]) -> int:
        """How many stages a node with these resources holds."""
        return min(int(node.get(name, 0.0) / amount) for name, amount in self.resources().items())


@dataclass(frozen=True)
class NodeRequirements:
    """What parent and nodes must agree on.

    Args:
        folder: the parent's working folder, which relative paths start from.
        root: the sweep's folder, absolute.
        storage: as in `ClusterSettings`.
        versions: of packages that decide what is computed.
        project: the folder of the project, which every node must have at the same path.
        code: what `project_digest` says of that folder.
    """

    folder: Path
    root: Path
    storage: str | None
    versions: Mapping[str, str | None]
    project: Path | None = None
    code: str = ""


def check_installed() -> None:
    """Raises:
    MissingPackage: Ray is not there.
    """
    if absent(["ray", "fsspec"]):
        raise MissingPackage("hydra/launcher: got 'factory_ray', which needs ray; pip install 'factory[ray]'")
