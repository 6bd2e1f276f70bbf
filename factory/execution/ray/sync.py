"""SHARED: a run folder and its copy behind a URL, for nodes that share no folder with the parent."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from fsspec.core import url_to_fs

from factory.core.errors import FactoryError
from factory.core.files import replacing
from factory.core.messages import first_line

HALF_MADE = ".making-"  # as `rundir` names what is not to be seen yet
OWN = (".lock",)

Stamp = tuple[int, int]  # when it was written, in nanoseconds, and its size in bytes
NEVER = (0, 0)


class FolderSync:
    """Sends what changed here and fetches what changed there; both file by file, each whole or not at all.

    Args:
        folder: here.
        url: of the copy, in any file system that fsspec opens.
        left: a folder in it that is not fetched, and sent only where the copy has none. What else the copy holds at
            first is taken as known here: `send` removes what is not here. None for a folder that begins empty.

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
        with self.lock, reaching(self.url):
            self.open()
            found = dict(self.files())
            for name in sorted(self.here.keys() - found.keys()):
                if name in self.there:
                    self.system.rm_file(f"{self.place}/{name}")
                self.forget(name)
            changed = [name for name, stamp in found.items() if self.here.get(name) != stamp]
            for name in changed:
                self.put(name)
                self.here[name] = found[name]
            if changed:
                listed = self.listed()
                self.there.update({name: listed[name] for name in changed if name in listed})

    def fetch(self) -> None:
        with self.lock, reaching(self.url):
            self.open()
            listed = self.listed()
            for name in sorted(self.there.keys() - listed.keys()):
                (self.folder / name).unlink(missing_ok=True)
                self.forget(name)
            for name, tag in listed.items():
                if self.there.get(name) != tag and not self.is_left(name):
                    with replacing(self.folder / name) as temporary:
                        self.system.get_file(f"{self.place}/{name}", str(temporary))
                    self.there[name] = tag
                    self.here[name] = stamp(self.folder / name)

    # ---- with the lock held

    def open(self) -> None:
        """Connect; the first time, take what the copy holds as known."""
        if self.opened:
            return
        self.system, self.place = url_to_fs(self.url)
        self.opened = True
        if self.left is not None:
            for name, tag in self.listed().items():
                here = self.folder / name
                if not self.is_left(name):
                    self.here[name], self.there[name] = NEVER, tag
                elif here.exists():
                    self.here[name], self.there[name] = stamp(here), tag

    def files(self) -> Iterator[tuple[str, Stamp]]:
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
        """Beside its place, then into it: a reader never sees half a file."""
        target = f"{self.place}/{name}"
        parent = target.rpartition("/")[0]
        half = f"{parent}/{HALF_MADE}{uuid4().hex}"
        self.system.makedirs(parent, exist_ok=True)
        self.system.put_file(str(self.folder / name), half)
        self.system.mv(half, target)

    def listed(self) -> dict[str, str]:
        """What the copy holds: name → whatever its file system says of it, which differs when the file does."""
        self.system.invalidate_cache()
        found: dict[str, Any] = self.system.find(self.place, detail=True) if self.system.exists(self.place) else {}
        start = len(self.place.rstrip("/")) + 1
        return {path[start:]: str(sorted(info.items())) for path, info in found.items() if HALF_MADE not in path}

    def is_left(self, name: str) -> bool:
        return self.left is not None and name.startswith(f"{self.left}/")

    def forget(self, name: str) -> None:
        self.here.pop(name, None)
        self.there.pop(name, None)


@contextmanager
def reaching(url: str) -> Iterator[None]:
    """Whatever a file system raises, as one line of ours: S3's errors are not OSErrors."""
    try:
        yield
    except Exception as error:  # each file system raises what its library does
        raise FactoryError(f"launcher.storage: {url}: {first_line(error)}") from error


def stamp(path: Path) -> Stamp:
    found = path.stat()
    return found.st_mtime_ns, found.st_size
