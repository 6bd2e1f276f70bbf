"""PARENT: The schema of the node ``deploy.require``: what a model must reach to be published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from factory.config.metric_names import is_among, metric_names
from factory.config.schema.values import Bool, Float, Table, dict_of, union
from factory.core import messages
from factory.core.scores import BETTER_THAN, direction

REQUIRE = dict_of(union(Bool, Float, Table))
BOUND = "a number, {min: …} or {max: …}"


def misfits(require: Mapping[str, Any], metrics: Any, tasks: set[str]) -> Iterator[str]:
    """Yield a line for each requirement that no run of this config can be measured by.

    Args:
        require: the node ``deploy.require``.
        metrics: ``train.metrics``.
        tasks: of the data's outputs; empty where they are not known.
    """
    known = list(dict.fromkeys(metric_names(metrics, tasks)))
    for name, value in require.items():
        path = f"deploy.require.{name}"
        if name in BETTER_THAN:
            if not isinstance(value, bool):
                yield messages.wrong(path, value, "true or false")
        elif not is_among(str(name), known):
            yield messages.unknown(path, str(name), [*known, *BETTER_THAN])
        elif isinstance(value, bool) or (isinstance(value, Mapping) and not is_bound(value)):
            yield messages.wrong(path, value, BOUND)
        elif not isinstance(value, Mapping) and direction(str(name)) is None:
            yield messages.wrong(
                path, value, "{min: …} or {max: …}, since its name does not tell whether more is better"
            )


def is_bound(value: Mapping[str, Any]) -> bool:
    """Return whether a mapping holds one number, the least or the most that is allowed."""
    numbers = [part for part in value.values() if isinstance(part, int | float) and not isinstance(part, bool)]
    return len(value) == len(numbers) == 1 and value.keys() <= {"min", "max"}
