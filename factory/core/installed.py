"""SHARED: The versions of installed packages, on which the result of a stage may depend."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from importlib import metadata


def versions(packages: Iterable[str]) -> dict[str, str | None]:
    """Return installed versions by distribution name, None where a package is not installed."""
    return {package: version(package) for package in sorted(set(packages))}


@functools.cache
def all_versions() -> dict[str, str]:
    """Return name → version of every installed package.

    The result is cached (it takes 40 ms), since the packages of a process do not change.
    """
    return {d.name: d.version for d in sorted(metadata.distributions(), key=lambda d: d.name.lower())}


@functools.cache
def version(package: str) -> str | None:
    """Return the installed version of a distribution, None where it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
