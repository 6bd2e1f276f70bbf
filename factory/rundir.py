"""SHARED: the files of a run, the only contract between processes. A reader sees all of a file or none of it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factory import locking
from factory.errors import ConfigError
from factory.reading import json_object, read_text
from factory.removal import refuse_links, remove

SCRATCH = ".making-"
"""How the names of what is not to be seen yet begin."""

ORIGIN = "origin.json"
"""In ``train`` where it is another run's training: whose."""

HALF_BEGUN = frozenset({locking.LOCK, ".hydra"})
"""All that a run holds before its run.json is written; ``train`` as well, where a sweep put another job's training."""


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

    def remove(self, path: Path) -> None:
        """Remove something of this run.

        Raises:
            ConfigError: it lies outside of it, or behind a link.
        """
        remove(path, inside=self.path)

    def empty(self) -> None:
        """Remove all that is in it; the lock last, since from then on the folder is another command's to take."""
        for path in sorted(self.path.iterdir(), key=lambda path: path.name == locking.LOCK):
            self.remove(path)

    def scratch(self) -> Iterator[Path]:
        """What a killed stage left half-made: beside what it was to become, nowhere else."""
        made = [self.path, self.config.parent, self.train, self.checkpoint]
        for several in (self.path / "deploy", self.path / "quarantine"):
            made += [several, *several.glob("*")]
        for folder in made:
            yield from folder.glob(f"{SCRATCH}*")

    def sweep_scratch(self) -> None:
        for path in list(self.scratch()):
            self.remove(path)

    def check(self) -> bool:
        """Look whether this folder may be a run's.

        Returns:
            Whether it holds a run already.

        Raises:
            ConfigError: there is something else in it, or it is no folder.
        """
        try:
            found = {path.name for path in self.path.iterdir() if not path.name.startswith(SCRATCH)}
        except FileNotFoundError:  # another command has just taken back what was refused
            return False
        except NotADirectoryError as error:
            raise ConfigError(f"hydra.run.dir: got {str(self.path)!r}; takes a folder, and this is a file") from error
        inherited = {"train"} if (self.train / ORIGIN).is_file() else set()
        if not self.summary.is_file() and found - HALF_BEGUN - inherited:
            takes = "a folder that is empty or holds a run"
            raise ConfigError(f"hydra.run.dir: got {str(self.path)!r}; takes {takes}, and there is {min(found)}")
        return bool(found - {locking.LOCK})

    def refuse_links(self) -> None:
        """Refuse a folder with a link in it; to be asked while nobody else works in it.

        Raises:
            ConfigError: names the first one.
        """
        refuse_links(self.path)

    def locked(self) -> AbstractContextManager[int]:
        """Hold this run for one command.

        Raises:
            ConfigError: another command is working in this folder, or it cannot be made or written.
        """
        return locking.locked(self.path)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary file beside ``path`` that takes its place when the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=SCRATCH, suffix=path.suffix)
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
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=SCRATCH))
    try:
        yield temporary
        os.chmod(temporary, 0o755)
        move(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def move(source: Path, destination: Path) -> None:
    """Rename a folder over an older one of the same name."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    remove(destination, inside=destination.parent)
    source.rename(destination)


def write_text(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, fields: Mapping[str, Any]) -> None:
    write_text(path, json.dumps(fields, indent=2, ensure_ascii=False) + "\n")


def read_json(path: Path) -> dict[str, Any] | None:
    """Return the JSON object in a file, None where there is no such file.

    Raises:
        ConfigError: it holds anything else.
    """
    text = read_text(path)
    return None if text is None else json_object(text, str(path))


def sha256(path: Path, but: str = "") -> str:
    """SHA-256 (hexadecimal) of a file, or of a folder's file names and contents in sorted order.

    Args:
        path: of the file or folder.
        but: a file of the folder that does not count.
    """
    if path.is_file():
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    digest = hashlib.sha256()
    for part in sorted(p for p in path.rglob("*") if p.is_file()):
        name = part.relative_to(path).as_posix()
        if name != but:
            digest.update(f"{name} {sha256(part)}\n".encode())
    return digest.hexdigest()


def holds(path: Path, digest: str) -> bool:
    """Whether a file or folder is there and has the recorded hash."""
    return path.exists() and sha256(path) == digest


def key_of(*facts: Any) -> str:
    """SHA-256 of anything JSON can say, independent of the order of keys."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()


def size(path: Path | str) -> int:
    """Bytes in a file or folder; links count as nothing."""
    if not os.path.isdir(path):
        return os.path.getsize(path) if os.path.isfile(path) else 0
    total, folders = 0, [str(path)]
    while folders:
        with os.scandir(folders.pop()) as entries:  # a list of thousands of runs looks at each of their files
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                elif entry.is_file(follow_symlinks=False):
                    total += entry.stat().st_size
    return total


def send_output_to(log: Path) -> None:
    """Send this process's stdout and stderr, Python's and the frameworks', to the end of a file."""
    log.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
