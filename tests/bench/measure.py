"""Commands timed from outside."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
FACTORY = [sys.executable, "-m", "factory"]
SCRIPT = """
import runpy, sys
from importlib.machinery import PathFinder

class Without(PathFinder):  # they are here for the trackers; keras imports what it finds, which would flatter us
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name in ("pandas", "matplotlib") else super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Without
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@dataclass(frozen=True)
class Measured:
    """One command, waited for.

    Args:
        seconds: wall time.
        peak: memory of its largest process, in MB.
    """

    seconds: float
    peak: float


def measure(*commands: list[str], expect: int = 0) -> Measured:
    """Run commands one after the other."""
    started, peak = time.perf_counter(), 0.0
    for command in commands:
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != expect:
            raise SystemExit(f"{' '.join(command)}: exit code {process.returncode}")
        peak = max(peak, usage.ru_maxrss / 1024)
    return Measured(time.perf_counter() - started, peak)


def by_hand(folder: Path) -> Measured:
    return measure(*commands_by_hand(folder))


def commands_by_hand(folder: Path) -> list[list[str]]:
    scripts = [HERE / "by_hand" / name for name in ("train_torch.py", "deploy_tensorflow.py")]
    return [[sys.executable, "-c", SCRIPT, str(script), str(folder)] for script in scripts]
