"""SHARED: Locks of folders that one command at a time may change; the kernel releases them when a process ends."""

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
    fcntl = None  # type: ignore[assignment]  # a module's name

LOCK = ".lock"
NO_LINK = getattr(os, "O_NOFOLLOW", 0)


@contextmanager
def locked(folder: Path, key: str = "hydra.run.dir") -> Iterator[int]:
    """Hold the lock of a folder for one command; make the folder where there is none.

    Args:
        folder: of a run or a sweep.
        key: the key of the config that gave it, for errors.

    Yields:
        The descriptor of the lock; see `still_holds`.

    Raises:
        ConfigError: another command holds it, or the folder cannot be made or written.
    """
    with contextlib.ExitStack() as stack:
        with writable(folder, key):
            folder.mkdir(parents=True, exist_ok=True)
            lock = stack.enter_context(opened(folder))
        if not try_lock(lock) or not still_holds(folder, lock):  # its last holder may have removed the folder
            raise ConfigError(f"{key}: {folder} is in use by another command")
        yield lock


@contextmanager
def opened(folder: Path) -> Iterator[int]:
    """Open the lock file of a folder without taking the lock."""
    with closing(open_lock(folder)) as lock:
        yield lock


def open_lock(folder: Path) -> int:
    """Open the lock file of a folder and return its descriptor.

    Raises:
        ConfigError: the file is a link.
    """
    path = folder / LOCK
    if path.is_symlink():
        raise ConfigError(f"{path}: is a link; takes a file of this folder's own")
    return os.open(path, os.O_RDWR | os.O_CREAT | NO_LINK, 0o644)


@contextmanager
def closing(lock: int) -> Iterator[int]:
    """Close a lock at the end of this context, which releases it."""
    try:
        yield lock
    finally:
        os.close(lock)


def try_lock(lock: int) -> bool:
    """Take a lock for this process alone, without waiting; return whether that succeeded."""
    if fcntl is not None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
    return True


def share_lock(lock: int) -> None:
    """Take a lock together with others who share it; wait for one who holds it alone."""
    if fcntl is not None:
        fcntl.flock(lock, fcntl.LOCK_SH)


def still_holds(folder: Path, lock: int) -> bool:
    """Return whether an open lock is still the file in its folder, which somebody may have removed meanwhile."""
    try:
        return os.path.samestat(os.fstat(lock), os.stat(folder / LOCK))
    except FileNotFoundError:
        return False


def is_held(folder: Path) -> bool:
    """Return whether a command is working in a folder; write nothing there."""
    with contextlib.suppress(OSError):
        lock = os.open(folder / LOCK, os.O_RDONLY | NO_LINK)
        try:
            return not try_lock(lock)
        finally:
            os.close(lock)
    return False
