"""factory: declare a model in YAML, train it on any Keras backend, ship artifacts proven to compute the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from factory.core import errors
from factory.core.version import __version__

if TYPE_CHECKING:
    from factory.cli.run import run as run

__all__ = ["__version__", "errors", "run"]


def __getattr__(name: str) -> object:
    """Import ``factory.run`` on first use: worker processes import this package too, without its command line."""
    if name == "run":
        from factory.cli.run import run

        return run
    raise AttributeError(f"module 'factory' has no attribute {name!r}")
