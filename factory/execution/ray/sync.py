"""SHARED: Synchronization of a run folder with its copy behind a URL, where nodes share no folder with the parent."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from fsspec.core import url_to_fs

from factory.core.errors import FactoryError
from factory.core.files import replacing_file
from factory.core.foreign_errors import first_line

HALF_MADE = ".making-"  # how `rundir` marks files that are being written
OWN = (".lock",)  # files that are not sent

Stamp = tuple[int, int]  # when it was written, in nanoseconds, and its size in bytes
NEVER = (0, 0)


class FolderSync:
    """A folder and its copy: sends what changed here and fetches what changed there.

    Both go file by file, each whole or not at all.

    Args:
        folder: the folder on this machine.
        url: URL of the copy, in any file system that fsspec opens.
        left: a folder in it that is not fetched, and sent only where the copy has none. Everything else that the copy
            holds at first counts as known here: `send` removes what this machine does not have. None for a folder that
            begins empty.

    Raises:
        FactoryError: from every method, where the copy cannot be reached.
    """

    def __init__(self, folder: Path, url: str, left: str | None = None) -> None:
        self.folder, self.url, self.left = folder, url, left
        self.here: dict[str, Stamp] = {}
        self.there: dict[str, str] = {}
        self.opened = False
        self.lock = threading.Lock()

    def send(self) -> None:
        """Copy every file that changed here since the last time, and remove the copies of those that are gone."""
        with self.lock, reaching(self.url):
            self.open()
            found = dict(self.files())
            for name in sorted(self.here.keys() - found.keys()):
                if name in self.there:
                    self.system.rm_file(f"{self.root}/{name}")
                self.forget(name)
            changed = [name for name, stamp in found.items() if self.here.get(name) != stamp]
            for name in changed:
                self.put(name)
                self.here[name] = found[name]
            if changed:
                listed = self.listed()
                self.there.update({name: listed[name] for name in changed if name in listed})

    def fetch(self) -> None:
        """Fetch every file of the copy that changed since the last time, and remove here those that are gone."""
        with self.lock, reaching(self.url):
            self.open()
            listed = self.listed()
            for name in sorted(self.there.keys() - listed.keys()):
                (self.folder / name).unlink(missing_ok=True)
                self.forget(name)
            for name, tag in listed.items():
                if self.there.get(name) != tag and not self.is_left(name):
                    with replacing_file(self.folder / name) as temporary:
                        self.system.get_file(f"{self.root}/{name}", str(temporary))
                    self.there[name] = tag
                    self.here[name] = stamp(self.folder / name)

    # ---- with the lock held

    def open(self) -> None:
        """Connect; the first time, take what the copy holds as known here."""
        if self.opened:
            return
        self.system, self.root = url_to_fs(self.url)
        self.opened = True
        if self.left is not None:
            for name, tag in self.listed().items():
                here = self.folder / name
                if not self.is_left(name):
                    self.here[name], self.there[name] = NEVER, tag
                elif here.exists():
                    self.here[name], self.there[name] = stamp(here), tag

    def files(self) -> Iterator[tuple[str, Stamp]]:
        """Yield the name and stamp of each finished file here."""
        for path in self.folder.rglob("*"):
            name = path.relative_to(self.folder).as_posix()
            if HALF_MADE in name or path.name in OWN:
                continue
            try:
                if path.is_file():
                    yield name, stamp(path)
            except FileNotFoundError:  # a stage at work replaced it
                continue

    def put(self, name: str) -> None:
        """Copy a file under a temporary name and rename it there, so that a reader never sees half a file."""
        target = f"{self.root}/{name}"
        parent = target.rpartition("/")[0]
        half = f"{parent}/{HALF_MADE}{uuid4().hex}"
        self.system.makedirs(parent, exist_ok=True)
        self.system.put_file(str(self.folder / name), half)
        self.system.mv(half, target)

    def listed(self) -> dict[str, str]:
        """Return name → tag of each file of the copy; the tag differs when the file does."""
        self.system.invalidate_cache()
        found: dict[str, Any] = self.system.find(self.root, detail=True) if self.system.exists(self.root) else {}
        start = len(self.root.rstrip("/")) + 1
        return {path[start:]: str(sorted(info.items())) for path, info in found.items() if HALF_MADE not in path}

    def is_left(self, name: str) -> bool:
        """Return whether a file is in the folder that is not fetched."""
        return self.left is not None and name.startswith(f"{self.left}/")

    def forget(self, name: str) -> None:
        """Forget a file that is gone on both sides."""
        self.here.pop(name, None)
        self.there.pop(name, None)


@contextmanager
def reaching(url: str) -> Iterator[None]:
    """Raise whatever a file system raises as one `FactoryError` of one line: S3's errors are not OSErrors."""
    try:
        yield
    except Exception as error:  # each file system raises what its library does
        raise FactoryError(f"launcher.storage: {url}: {first_line(error)}") from error


def stamp(path: Path) -> Stamp:
    """Return when a file was written and its size."""
    status = path.stat()
    return status.st_mtime_ns, status.st_size
