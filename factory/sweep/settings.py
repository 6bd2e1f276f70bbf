"""How the jobs of a sweep share this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factory import faults
from factory.errors import ConfigError
from factory.plan import cores

STAGE_MEMORY = 1 << 30  # bytes that a stage of a small model takes beside its worker, with room to spare
CHOICES = {"mode": ("auto", "max", "min"), "publish": ("best", "all")}


@dataclass(frozen=True)
class Settings:
    """``hydra.launcher``; see `hydra_plugins/factory_sweep.py` for the words of each.

    Raises:
        ConfigError: a value that none of them takes.
    """

    jobs: int | None = None
    threads: int | None = None
    timeout: float | None = None
    fail_fast: bool = False
    reuse: bool = True
    metric: str = "auto"
    mode: str = "auto"
    publish: str = "best"

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Settings:
        wrong = [
            faults.wrong(f"launcher.{name}", fields[name], "a number above 0, or null")
            for name in ("jobs", "threads", "timeout")
            if fields[name] is not None and fields[name] <= 0
        ]
        wrong += [
            faults.wrong(f"launcher.{name}", fields[name], faults.listed(choices), choices)
            for name, choices in CHOICES.items()
            if fields[name] not in choices
        ]
        if wrong:
            raise ConfigError(wrong)
        return cls(**fields)

    def at_a_time(self, count: int, gpu: bool) -> int:
        """Stages that run at the same time.

        Args:
            count: jobs of the sweep.
            gpu: whether a job trains on one; then they go one after the other unless it is said otherwise.
        """
        if self.jobs is not None:
            return self.jobs
        room = free_memory() // STAGE_MEMORY
        return 1 if gpu else max(1, min(cores(), room, count))

    def threads_each(self, at_a_time: int) -> int:
        return self.threads or max(1, cores() // at_a_time)


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
