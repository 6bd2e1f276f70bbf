"""A process that has made the imports of ``python -m …`` and forks for each command, which then need not make them.

Nothing but the imports is shared. Commands whose start itself matters are processes of their own: `commands.started`,
the wheel, shells, and all whose Python would start in another way.
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import runpy
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

AT_START = ("PYTHON", "LANG", "LC_", "TZ")  # variables that Python reads once begin with these


class Host:
    """One such process; it performs one command at a time.

    Args:
        module: that is run.
        imported: before the first command.
        variables: of the environment.
    """

    def __init__(self, module: str, imported: Sequence[str], variables: Mapping[str, str]) -> None:
        self.at_start = read_at_start(variables)
        self.answers, told = os.pipe()
        command = [sys.executable, "-c", f"from tests.host import serve; serve({told}, {module!r}, {imported!r})"]
        root = Path(__file__).parent.parent
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[told], env=dict(variables), cwd=root)
        os.close(told)
        atexit.register(self.close)

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()
        os.close(self.answers)

    def fits(self, variables: Mapping[str, str]) -> bool:
        """Whether a Python that starts with these would start as this one did."""
        return read_at_start(variables) == self.at_start

    def perform(
        self, words: Sequence[str], cwd: Path, variables: Mapping[str, str], timeout: float
    ) -> tuple[int, str, str]:
        """Exit code (negative: of a signal), output and errors of ``python -m`` module.

        Raises:
            subprocess.TimeoutExpired: it took longer, and was killed.
        """
        assert self.process.stdin
        with tempfile.TemporaryDirectory() as folder:
            out, err = Path(folder, "out"), Path(folder, "err")
            asked = {"words": words, "cwd": str(cwd), "variables": dict(variables), "files": [str(out), str(err)]}
            self.process.stdin.write(json.dumps(asked).encode() + b"\n")
            self.process.stdin.flush()
            process = int(os.read(self.answers, 100))
            ended, _, _ = select.select([self.answers], [], [], timeout)
            if not ended:
                os.kill(process, signal.SIGKILL)
            code = int(os.read(self.answers, 100))
            if not ended:
                raise subprocess.TimeoutExpired(list(words), timeout)
            return code, out.read_text(), err.read_text()


def read_at_start(variables: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if name.startswith(AT_START)}


# ---- in the process


def serve(told: int, module: str, imported: Sequence[str]) -> None:
    """Perform what is asked on standard input; a fork for a command returns from here, to end as any Python does."""
    for name in imported:
        importlib.import_module(name)
    os.set_inheritable(told, False)
    for line in sys.stdin.buffer:
        process = os.fork()
        if not process:
            os.close(told)
            return carry_out(module, json.loads(line))
        os.write(told, b"%d\n" % process)
        _, status = os.waitpid(process, 0)
        os.write(told, b"%d\n" % os.waitstatus_to_exitcode(status))


def carry_out(module: str, asked: dict[str, Any]) -> None:
    """Become ``python -m`` module."""
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["variables"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, path in zip((1, 2), asked["files"], strict=True):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    sys.argv[1:] = asked["words"]
    sys.path[0] = asked["cwd"]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
