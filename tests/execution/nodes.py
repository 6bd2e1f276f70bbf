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
    """One ``ray start --block`` and all that grew out of it.

    Args:
        process: the command.
        log: what it prints.
    """

    process: subprocess.Popen[bytes]
    log: Path

    def joined(self) -> bool:
        """Whether the cluster knows it: Ray says that it has started once the head has it in its list (ray 2.60)."""
        return "Ray runtime started" in self.log.read_text(errors="replace")

    def processes(self, words: str = "") -> list[int]:
        """Those of its processes with these words in their command."""
        return [number for number in processes_of(self.process) if words in command_of(number)]

    def ours(self) -> list[int]:
        return [number for words in ("factory.execution.worker", "ray::NodeAgent") for number in self.processes(words)]

    def kill(self) -> None:
        """All of it at once, as when the power goes."""
        while found := self.processes():
            for number in found:
                with suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)
            self.process.wait(timeout=30)


@dataclass
class Nodes:
    """A head, which claims two GPUs, and a second node, with one CPU each.

    Args:
        folder: of sockets and logs; short, since a socket's path may have 107 characters.
        port: of the head.
        head: must stay.
        second: may be killed; `whole` starts another one.
        client: port for machines that are not nodes.
    """

    folder: str
    port: int
    head: Node
    second: Node
    client: int = 0

    @property
    def from_afar(self) -> str:
        """The address as a machine uses it that is not part of the cluster."""
        return f"ray://{LOOPBACK}:{self.client}"

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    def whole(self) -> Nodes:
        """The same, with a second node that lives."""
        if not self.second.processes():
            self.second = start(self.folder, "second", f"--address={self.address}")
        wait_until(self.second.joined)
        return self

    def ours(self) -> list[int]:
        """Processes that a sweep started on them."""
        return [number for node in (self.head, self.second) for number in node.ours()]


@contextmanager
def two_nodes() -> Iterator[Nodes]:
    port, client = free_port(), free_port()
    with TemporaryDirectory(prefix="ray-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        own = ["--head", f"--port={port}", f"--ray-client-server-port={client}", f"--temp-dir={folder}"]
        head = start(folder, "head", *own, "--include-dashboard=false", "--num-gpus=2")  # as it says: there are none
        nodes = Nodes(folder, port, head, head, client)
        try:
            wait_until(head.joined)
            nodes.second = start(folder, "second", f"--address={nodes.address}")
            yield nodes.whole()
        finally:
            nodes.second.kill()
            head.kill()


def start(folder: str, name: str, *words: str) -> Node:
    mark = f"--node-name={Path(folder).name}-{name}"
    command = [*RAY, "start", "--block", *words, f"--node-ip-address={LOOPBACK}", "--num-cpus=1", STORE, mark]
    path = Path(folder, f"{name}.txt")
    environment = quiet() | {MARK: mark, "PYTHONUNBUFFERED": "1"}
    with open(path, "wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=ROOT)
    return Node(process, path)


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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
