"""A real Ray of two nodes on this machine, each of which can lose its power."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.commands import MARK, ROOT, processes_of, wait_until

RAY = [sys.executable, "-c", "from ray.scripts.scripts import main; main()"]
STORE = "--object-store-memory=80000000"
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Node:
    """One ``ray start --block`` and all that grew out of it."""

    process: subprocess.Popen[bytes]

    def processes(self, words: str = "") -> list[int]:
        """Those of its processes with these words in their command."""
        return [number for number in processes_of(self.process) if words in command_of(number)]

    def kill(self) -> None:
        """All of it at once, as when the power goes."""
        while found := self.processes():
            for number in found:
                with suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)
            self.process.wait(timeout=30)


@contextmanager
def two_nodes(*words: str) -> Iterator[tuple[str, Node, Node]]:
    """A head and a second node with one CPU each.

    Args:
        words: for ``ray start`` of the second one.

    Yields:
        The address, the head, the second node.
    """
    port = free_port()
    address = f"{LOOPBACK}:{port}"
    with TemporaryDirectory(prefix="ray-", dir="/tmp") as folder:  # a socket's path may have 107 characters
        head = start(folder, "head", "--head", f"--port={port}", "--include-dashboard=false", f"--temp-dir={folder}")
        nodes = [head]
        try:
            wait_until(lambda: answers(port))
            nodes.append(start(folder, "second", f"--address={address}", *words))
            wait_until(lambda: bool(nodes[1].processes("raylet/raylet")))
            yield address, head, nodes[1]
        finally:
            for node in reversed(nodes):
                node.kill()


def start(folder: str, name: str, *words: str) -> Node:
    mark = f"--node-name={Path(folder).name}-{name}"
    command = [*RAY, "start", "--block", *words, f"--node-ip-address={LOOPBACK}", "--num-cpus=1", STORE, mark]
    with open(Path(folder, f"{name}.txt"), "wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=quiet() | {MARK: mark}, cwd=ROOT)
    return Node(process)


def quiet() -> dict[str, str]:
    """Environment of Ray and of those who talk to it: no statistics sent, no token in the home folder."""
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_AUTH_MODE": "disabled",
    }


def command_of(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
