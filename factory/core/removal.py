"""SHARED: Removal of files and folders, restricted to what lies inside a folder that is ours to change."""

from __future__ import annotations

import shutil
from pathlib import Path

from factory.core.errors import ConfigError


def remove_inside(path: Path, inside: Path) -> None:
    """Remove a file, a link or a folder with its contents; do nothing where there is none.

    Args:
        path: what to remove, written as ``inside`` and names below it.
        inside: the folder that is ours: a run's, or that of published versions.

    Raises:
        ConfigError: it is not strictly inside, or is reached through a link, which may lead anywhere.
    """
    parts = path.relative_to(inside).parts if path.is_relative_to(inside) else ()
    if not parts or ".." in parts:
        raise ConfigError(f"{path}: is not removed; takes what lies inside {inside}")
    for parent in list(path.parents)[: len(parts) - 1]:
        if parent.is_symlink():
            raise ConfigError(f"{parent}: is a link; what lies behind it is not removed")
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def refuse_links(folder: Path) -> None:
    """Refuse a run's folder that holds links, through which a write could land anywhere.

    Raises:
        ConfigError: there is a link; names the first one.
    """
    for path in folder.rglob("*"):
        if path.is_symlink():
            raise ConfigError(f"{path}: is a link; a run's folder holds files and folders of its own")
