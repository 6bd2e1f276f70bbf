"""PARENT: the settings of a sweep: how its jobs share this machine or a cluster, and what they are ranked by."""

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
    """The options in ``hydra.launcher``; `hydra_plugins/factory_sweep.py` documents each.

    Args:
        cluster: the cluster where stages run, None for this machine.
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
        """Validate the options of ``hydra.launcher``.

        Raises:
            ConfigError: an option has a value that it does not take; a message for each.
            MissingPackage: a cluster is wanted, and Ray is not installed.
        """
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
        """Return whether stages have a GPU where they run; None where they run on this machine."""
        return self.cluster.gpus > 0 if self.cluster else None

    @property
    def afar(self) -> bool:
        """Return whether stages run on machines that do not have this machine's folders."""
        return bool(self.cluster and self.cluster.storage)

    def at_a_time(self, count: int, gpu: bool) -> int:
        """Return how many stages run on this machine at the same time.

        Args:
            count: number of jobs of the sweep.
            gpu: whether jobs train on a GPU; then one stage runs at a time, unless ``jobs`` says otherwise.
        """
        if self.jobs is not None:
            return self.jobs
        room = free_memory() // STAGE_MEMORY
        return 1 if gpu else max(1, min(cores(), room, count))

    def threads_each(self, at_a_time: int) -> int:
        """Return the threads of each stage: as set, else an equal share of the cores."""
        share = int(self.cluster.cpus) if self.cluster else cores() // at_a_time
        return self.threads or max(1, share)


def free_memory() -> int:
    """Return the bytes of memory that are available: the kernel's estimate, or what a container's limit leaves."""
    left = [available_memory(Path("/proc/meminfo"))]
    limit, used = (read_number(Path("/sys/fs/cgroup", name)) for name in ("memory.max", "memory.current"))
    if limit is not None and used is not None:
        left.append(limit - used)
    return max(0, min(left))


def available_memory(file: Path) -> int:
    """Return ``MemAvailable`` of /proc/meminfo in bytes; where there is no such file or line, 1 PiB."""
    lines = file.read_text().splitlines() if file.exists() else []
    found = [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    return found[0] if found else 1 << 50


def read_number(file: Path) -> int | None:
    """Return the whole number in a file; None where there is no file or no number."""
    text = file.read_text().strip() if file.exists() else ""
    return int(text) if text.isdecimal() else None
