"""SHARED: Whether a target carries preprocessing inside its artifact, and the refusal of one that does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from factory.core.messages import listed, wrong
from factory.preprocessing.spec import Preprocessing


def is_carried(preprocessing: Preprocessing, settings: Mapping[str, Any]) -> bool:
    """Return whether a target carries all kinds of columns; ``settings`` is its node of the config."""
    return not _lacking(preprocessing, settings)


def encoded_targets(preprocessing: Preprocessing, deploy: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each target that would take encoded inputs although ``deploy.encoded=false``.

    Args:
        preprocessing: of the data.
        deploy: the node of the config; those of earlier releases have no ``encoded`` and no ``carries``.
    """
    if deploy.get("encoded", True):
        return
    for name, settings in (deploy["target"] or {}).items():
        if lacking := _lacking(preprocessing, settings):
            kind, column = next(iter(lacking.items()))
            more = f" and columns of {len(lacking) - 1} more kinds" if len(lacking) > 1 else ""
            carries = listed(settings.get("carries") or ["no columns"])
            takes = f"true for target {name}, which carries {carries}, and there is the {kind} {column!r}{more}"
            yield wrong("deploy.encoded", False, takes)


def _lacking(preprocessing: Preprocessing, settings: Mapping[str, Any]) -> dict[str, str]:
    """Return each kind of column that a target does not carry, with the name of the first one."""
    carries = settings.get("carries") or ()
    found: dict[str, str] = {}
    for column in preprocessing.columns:
        if column.kind not in carries:
            found.setdefault(column.kind, column.name)
    return found
