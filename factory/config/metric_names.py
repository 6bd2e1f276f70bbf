"""PARENT: The names that a run's metrics will have, as far as its config tells before the data is read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from factory.config.declaration import parse_declaration

AUTO = {"classification": "accuracy", "regression": "mae"}
ALWAYS = {"classification": "f1_score", "regression": "r2"}  # what every run is judged by besides


def metric_names(declared: Any, tasks: Collection[str] = ()) -> Iterator[str]:
    """Yield the names of a run's metrics, without the words that stand before some: an output's, the kind of average.

    Args:
        declared: ``train.metrics``.
        tasks: of the outputs; empty where they are not known.
    """
    known = [task for task in AUTO if not tasks or task in tasks]
    yield "loss"
    for name, arguments in map(parse_declaration, _each(declared)):
        yield from [AUTO[task] for task in known] if name == "auto" else [str(arguments.get("name") or name)]
    yield from (ALWAYS[task] for task in known)


def _each(declared: Any) -> list[Any]:
    """Return every declaration of ``train.metrics``, which has one, a list, or either by output."""
    if isinstance(declared, dict):
        return [one for part in declared.values() for one in _each(part)]
    return declared if isinstance(declared, list) else [declared]


def is_among(name: str, known: Iterable[str]) -> bool:
    """Return whether a metric may be called so: as one of these, with words before it; ``F1Score`` is ``f1_score``."""
    return plain(name).endswith(tuple(map(plain, known)))


def plain(name: str) -> str:
    """Return a name without case and underscores."""
    return name.lower().replace("_", "")
