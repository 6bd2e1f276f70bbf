"""SHARED: The layout of a run's folder, the only contract between processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factory.core import locks
from factory.core.errors import ConfigError
from factory.core.files import SCRATCH
from factory.core.removal import refuse_links, remove_inside

ORIGIN = "origin.json"
"""A file in ``train`` that names the run whose training was taken over."""

HALF_BEGUN = frozenset({locks.LOCK, ".hydra"})
"""What a run may hold before its run.json is written, beside a ``train`` that a sweep took over from another job."""


Emit = Callable[[Mapping[str, Any]], None]
"""How a stage reports: one small JSON object an event."""


@dataclass(frozen=True)
class RunDir:
    """The folder of one run, and the paths of the files in it.

    Args:
        path: of the folder, ``outputs/<date>/<time>`` unless given.
    """

    path: Path

    @property
    def config(self) -> Path:
        """The composed config of the run."""
        return self.path / ".hydra" / "config.yaml"

    @property
    def summary(self) -> Path:
        """The outcome of the run, run.json."""
        return self.path / "run.json"

    @property
    def train(self) -> Path:
        """The folder of the training."""
        return self.path / "train"

    @property
    def model(self) -> Path:
        """The file of the trained model, train/model.keras."""
        return self.train / "model.keras"

    @property
    def reference(self) -> Path:
        """The reference rows, with the predictions of the trained model, train/reference.npz."""
        return self.train / "reference.npz"

    @property
    def preprocessing(self) -> Path:
        """The fitted preprocessing, where the data is a table, train/preprocessing.json."""
        return self.train / "preprocessing.json"

    @property
    def raw_rows(self) -> Path:
        """The reference rows as clients send them, where there is preprocessing, train/raw_rows.npz."""
        return self.train / "raw_rows.npz"

    @property
    def history(self) -> Path:
        """The table of each epoch's metrics, train/history.csv."""
        return self.train / "history.csv"

    @property
    def checkpoint(self) -> Path:
        """The folder of the checkpoint from which an interrupted training continues."""
        return self.train / "checkpoint"

    def deploy(self, target: str) -> Path:
        """Return the folder of a target's report and artifact, unless the gate refused it."""
        return self.path / "deploy" / target

    def artifact(self, target: str) -> Path:
        """Return the path of a target's artifact that passed the gate."""
        return self.deploy(target) / "artifact"

    def quarantine(self, target: str) -> Path:
        """Return the folder of a target that the gate refused."""
        return self.path / "quarantine" / target

    def remove(self, path: Path) -> None:
        """Remove a file or folder of this run.

        Raises:
            ConfigError: it lies outside of it, or behind a link.
        """
        remove_inside(path, inside=self.path)

    def empty(self) -> None:
        """Remove all contents; the lock last, since from then on another command may take the folder."""
        for path in sorted(self.path.iterdir(), key=lambda path: path.name == locks.LOCK):
            self.remove(path)

    def scratch(self) -> Iterator[Path]:
        """Yield what a killed stage left half-made, which lies beside what it was to become, nowhere else."""
        folders = [self.path, self.config.parent, self.train, self.checkpoint]
        for parent in (self.path / "deploy", self.path / "quarantine"):
            folders += [parent, *parent.glob("*")]
        for folder in folders:
            yield from folder.glob(f"{SCRATCH}*")

    def sweep_scratch(self) -> None:
        """Remove what a killed stage left half-made."""
        for path in list(self.scratch()):
            self.remove(path)

    def check(self) -> bool:
        """Refuse a folder that holds something other than a run.

        Returns:
            Whether it holds a run already.

        Raises:
            ConfigError: there is something else in it, or it is no folder.
        """
        try:
            names = {path.name for path in self.path.iterdir() if not path.name.startswith(SCRATCH)}
        except FileNotFoundError:  # another command, itself refused, has just removed it
            return False
        except NotADirectoryError as error:
            raise ConfigError(f"hydra.run.dir: got {str(self.path)!r}; takes a folder, and this is a file") from error
        inherited = {"train"} if (self.train / ORIGIN).is_file() else set()
        if not self.summary.is_file() and names - HALF_BEGUN - inherited:
            takes = "a folder that is empty or holds a run"
            raise ConfigError(f"hydra.run.dir: got {str(self.path)!r}; takes {takes}, and there is {min(names)}")
        return bool(names - {locks.LOCK})

    def refuse_links(self) -> None:
        """Refuse a folder with a link in it; call it while nobody else works there.

        Raises:
            ConfigError: there is a link; names the first one.
        """
        refuse_links(self.path)

    def locked(self) -> AbstractContextManager[int]:
        """Hold the lock of this run for one command, as a context.

        Raises:
            ConfigError: another command is working in this folder, or it cannot be made or written.
        """
        return locks.locked(self.path)
