"""SHARED: folders that one command at a time may change; the kernel lets go when a process ends, however it ends."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from factory.core.disk import writable
from factory.core.errors import ConfigError

try:
    import fcntl
except ImportError:  # Windows has no flock; there a folder is not guarded against a second command
    fcntl = None  # type: ignore[assignment]

LOCK = ".lock"
NO_LINK = getattr(os, "O_NOFOLLOW", 0)


@contextmanager
def locked(folder: Path, key: str = "hydra.run.dir") -> Iterator[int]:
    """Hold a folder, which is made where there is none, for one command.

    Args:
        folder: of a run or a sweep.
        key: of the config that gave it.

    Yields:
        The descriptor of the lock; see `still_holds`.

    Raises:
        ConfigError: another command is working in it, or it cannot be made or written.
    """
    with contextlib.ExitStack() as stack:
        with writable(folder, key):
            folder.mkdir(parents=True, exist_ok=True)
            lock = stack.enter_context(opened(folder))
        if not taken(lock) or not still_holds(folder, lock):  # or the one that held it has just removed the folder
            raise ConfigError(f"{key}: {folder} is in use by another command")
        yield lock


@contextmanager
def opened(folder: Path) -> Iterator[int]:
    """The lock of a folder, not yet taken."""
    with closing(open_lock(folder)) as lock:
        yield lock


def open_lock(folder: Path) -> int:
    path = folder / LOCK
    if path.is_symlink():
        raise ConfigError(f"{path}: is a link; takes a file of this folder's own")
    return os.open(path, os.O_RDWR | os.O_CREAT | NO_LINK, 0o644)


@contextmanager
def closing(lock: int) -> Iterator[int]:
    try:
        yield lock
    finally:
        os.close(lock)


def taken(lock: int) -> bool:
    """Take a lock for this process alone, if nobody has it."""
    if fcntl is not None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
    return True


def share(lock: int) -> None:
    """Hold a lock together with others who share it; waits for one who has it alone."""
    if fcntl is not None:
        fcntl.flock(lock, fcntl.LOCK_SH)


def still_holds(folder: Path, lock: int) -> bool:
    """Whether this lock is still the one that lies in the folder, which somebody may have removed meanwhile."""
    try:
        return os.path.samestat(os.fstat(lock), os.stat(folder / LOCK))
    except FileNotFoundError:
        return False


def is_held(folder: Path) -> bool:
    """Whether a command is working in a folder; writes nothing there."""
    with contextlib.suppress(OSError):
        lock = os.open(folder / LOCK, os.O_RDONLY | NO_LINK)
        try:
            return not taken(lock)
        finally:
            os.close(lock)
    return False
