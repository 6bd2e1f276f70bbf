"""SHARED: The versions of installed packages, on which the result of a stage may depend."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from importlib import metadata


def versions(packages: Iterable[str]) -> dict[str, str | None]:
    """Return installed versions by distribution name, None where a package is not installed."""
    return {package: version(package) for package in sorted(set(packages))}


@functools.cache
def version(package: str) -> str | None:
    """Return the installed version of a distribution, None where it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
