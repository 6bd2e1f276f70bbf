"""SHARED: the versions of installed packages, on which what a stage computes may depend."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from importlib import metadata


def versions(packages: Iterable[str]) -> dict[str, str | None]:
    """Installed versions by distribution name, None where a package is not installed."""
    return {package: version(package) for package in sorted(set(packages))}


@functools.cache
def version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
