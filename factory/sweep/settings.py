"""PARENT: How the jobs of a sweep share this machine, or a cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from factory.core import messages
from factory.core.errors import ConfigError
from factory.core.process import cores
from factory.execution.requirements import ClusterSettings, check_installed

STAGE_MEMORY = 1 << 30  # bytes that a stage of a small model takes beside its worker, with room to spare
CHOICES = {"mode": ("auto", "max", "min"), "publish": ("best", "all")}
ON_A_CLUSTER = tuple(option.name for option in fields(ClusterSettings))


@dataclass(frozen=True)
class Settings:
    """``hydra.launcher``; see `hydra_plugins/factory_sweep.py` for the words of each.

    Args:
        cluster: where stages run, None on this machine.

    Raises:
        ConfigError: a value that none of them takes.
        MissingPackage: a cluster was asked for, and its engine is not installed.
    """

    jobs: int | None = None
    threads: int | None = None
    timeout: float | None = None
    fail_fast: bool = False
    reuse: bool = True
    metric: str = "auto"
    mode: str = "auto"
    publish: str = "best"
    cluster: ClusterSettings | None = None

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Settings:
        wrong = [
            messages.wrong(f"launcher.{name}", given[name], "a number above 0, or null")
            for name in ("jobs", "threads", "timeout")
            if given[name] is not None and given[name] <= 0
        ]
        wrong += [
            messages.wrong(f"launcher.{name}", given[name], messages.listed(choices), choices)
            for name, choices in CHOICES.items()
            if given[name] not in choices
        ]
        wrong += [
            messages.wrong(f"launcher.{name}", given[name], "a number above 0" if least else "a number of at least 0")
            for name, least in (("cpus", True), ("gpus", False), ("memory", True))
            if name in given and (given[name] < 0 or (least and given[name] == 0))
        ]
        if wrong:
            raise ConfigError(wrong)
        there = {name: given[name] for name in ON_A_CLUSTER if name in given}
        if there:
            check_installed()
        own = {name: value for name, value in given.items() if name not in there}
        return cls(**own, cluster=ClusterSettings(**there) if there else None)

    @property
    def gpu(self) -> bool | None:
        """Whether stages find a GPU where they run; None where that is to be seen on this machine."""
        return self.cluster.gpus > 0 if self.cluster else None

    @property
    def afar(self) -> bool:
        """Whether stages run where this machine's folders are not."""
        return bool(self.cluster and self.cluster.storage)

    def at_a_time(self, count: int, gpu: bool) -> int:
        """Stages that run on this machine at the same time.

        Args:
            count: jobs of the sweep.
            gpu: whether a job trains on one; then they go one after the other unless it is said otherwise.
        """
        if self.jobs is not None:
            return self.jobs
        room = free_memory() // STAGE_MEMORY
        return 1 if gpu else max(1, min(cores(), room, count))

    def threads_each(self, at_a_time: int) -> int:
        share = int(self.cluster.cpus) if self.cluster else cores() // at_a_time
        return self.threads or max(1, share)


def free_memory() -> int:
    """Bytes that processes may still take: the kernel's estimate, or what is left of a container's limit."""
    left = [meminfo(Path("/proc/meminfo"))]
    limit, used = (number(Path("/sys/fs/cgroup", name)) for name in ("memory.max", "memory.current"))
    if limit is not None and used is not None:
        left.append(limit - used)
    return max(0, min(left))


def meminfo(file: Path) -> int:
    """``MemAvailable`` in bytes; where the system does not tell, as if there were plenty."""
    lines = file.read_text().splitlines() if file.exists() else []
    found = [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    return found[0] if found else 1 << 50


def number(file: Path) -> int | None:
    text = file.read_text().strip() if file.exists() else ""
    return int(text) if text.isdecimal() else None
