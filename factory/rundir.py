"""SHARED: the files of a run, the only contract between processes. A reader sees all of a file or none of it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factory.errors import ConfigError

try:
    import fcntl
except ImportError:  # Windows has no flock; there a run folder is not guarded against a second command
    fcntl = None  # type: ignore[assignment]


Emit = Callable[[Mapping[str, Any]], None]
"""How a stage reports: one small JSON object an event."""


@dataclass(frozen=True)
class RunDir:
    """Where each file of one run lies.

    Args:
        path: the run's folder, ``outputs/<date>/<time>`` unless given.
    """

    path: Path

    @property
    def config(self) -> Path:
        return self.path / ".hydra" / "config.yaml"

    @property
    def summary(self) -> Path:
        return self.path / "run.json"

    @property
    def train(self) -> Path:
        return self.path / "train"

    @property
    def model(self) -> Path:
        return self.train / "model.keras"

    @property
    def reference(self) -> Path:
        return self.train / "reference.npz"

    @property
    def history(self) -> Path:
        return self.train / "history.csv"

    @property
    def checkpoint(self) -> Path:
        return self.train / "checkpoint"

    def deploy(self, target: str) -> Path:
        return self.path / "deploy" / target

    def artifact(self, target: str) -> Path:
        """What passed the gate."""
        return self.deploy(target) / "artifact"

    def quarantine(self, target: str) -> Path:
        return self.path / "quarantine" / target

    def scratch(self) -> Iterator[Path]:
        """What a killed stage left half-made."""
        return self.path.glob("**/.making-*")

    def sweep_scratch(self) -> None:
        for path in self.scratch():
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold this run for one command; the kernel lets go when the process ends, however it ends.

        Raises:
            ConfigError: another command is working in this folder.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with open(self.path / ".lock", "w") as lock:
            if fcntl is not None:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError as busy:
                    raise ConfigError(f"hydra.run.dir: {self.path} is in use by another command") from busy
            yield


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary file beside ``path`` that takes its place when the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".making-", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        os.chmod(temporary, 0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def making(folder: Path) -> Iterator[Path]:
    """A temporary folder beside ``folder`` that takes its place when the block ends well."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".making-"))
    try:
        yield temporary
        os.chmod(temporary, 0o755)
        move(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def move(source: Path, destination: Path) -> None:
    """Rename a folder over an older one of the same name."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    if destination.exists():
        shutil.rmtree(destination)
    source.rename(destination)


def write_text(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, fields: Mapping[str, Any]) -> None:
    write_text(path, json.dumps(fields, indent=2, ensure_ascii=False) + "\n")


def read_json(path: Path) -> dict[str, Any] | None:
    """The JSON object in ``path``, or None where there is no such file."""
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def sha256(path: Path) -> str:
    """SHA-256 (hexadecimal) of a file, or of a folder's file names and contents in sorted order."""
    if path.is_file():
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    digest = hashlib.sha256()
    for part in sorted(p for p in path.rglob("*") if p.is_file()):
        digest.update(f"{part.relative_to(path).as_posix()} {sha256(part)}\n".encode())
    return digest.hexdigest()


def holds(path: Path, digest: str) -> bool:
    """Whether a file or folder is there and has the recorded hash."""
    return path.exists() and sha256(path) == digest


def key_of(*facts: Any) -> str:
    """SHA-256 of anything JSON can say, independent of the order of keys."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()


def size(path: Path) -> int:
    """Bytes in a file or folder."""
    return sum(file.stat().st_size for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file())


def send_output_to(log: Path) -> None:
    """Send this process's stdout and stderr, Python's and the frameworks', to the end of a file."""
    log.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
