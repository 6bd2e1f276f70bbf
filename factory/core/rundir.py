"""SHARED: the layout of a run's folder, the only contract between processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factory.core import locks
from factory.core.errors import ConfigError
from factory.core.files import SCRATCH
from factory.core.removal import refuse_links, remove

ORIGIN = "origin.json"
"""In ``train`` where it is another run's training: whose."""

HALF_BEGUN = frozenset({locks.LOCK, ".hydra"})
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
        for path in sorted(self.path.iterdir(), key=lambda path: path.name == locks.LOCK):
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
        return bool(found - {locks.LOCK})

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
        return locks.locked(self.path)
