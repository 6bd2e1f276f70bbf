"""PARENT: Two values → every difference between them, once: the walk that knows nothing of what a config means."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

ORDERED = ("model.layers", "data.inputs", "data.outputs")
"""Mappings whose order is part of what they say: a stack, and the signature's."""

Verb = Literal["set", "added", "removed", "renamed", "reordered"]


class _Absent:
    def __repr__(self) -> str:
        return "(absent)"


ABSENT = _Absent()
"""What stands for a side that has no such key."""


@dataclass(frozen=True)
class Change:
    """One change.

    Args:
        path: of the value; of a renamed layer its new path.
        verb: what was done to it.
        old: `ABSENT` where it was not there; the old name of a renamed layer; the old order of keys.
        new: likewise.
    """

    path: str
    verb: Verb
    old: Any
    new: Any


Walk = Callable[[str, Any, Any], Iterator[Change]]


def same(old: Any, new: Any) -> bool:
    """Equal, and not only because ``True == 1``."""
    if isinstance(old, bool) != isinstance(new, bool):
        return False
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(same(*pair) for pair in zip(old, new, strict=True))
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return old.keys() == new.keys() and all(same(old[key], new[key]) for key in old)
    return bool(old == new)


def value(path: str, old: Any, new: Any) -> Iterator[Change]:
    """Anything: mappings key by key, lists of equal length item by item where they hold more than scalars."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from mapping(path, old, new)
    elif isinstance(old, list) and isinstance(new, list):
        yield from items(path, old, new, value)
    else:
        yield from leaf(path, old, new)


def leaf(path: str, old: Any, new: Any) -> Iterator[Change]:
    if old is ABSENT:
        yield Change(path, "added", old, new)
    elif new is ABSENT:
        yield Change(path, "removed", old, new)
    elif not same(old, new):
        yield Change(path, "set", old, new)


def items(path: str, old: list[Any], new: list[Any], item: Walk) -> Iterator[Change]:
    nested = any(isinstance(part, list | Mapping) for part in (*old, *new))
    if len(old) != len(new) or not nested:
        yield from leaf(path, old, new)
        return
    for place, (before, after) in enumerate(zip(old, new, strict=True)):
        yield from item(f"{path}[{place}]", before, after)


def mapping(
    path: str,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    defaults: Mapping[str, Any] | None = None,
    each: Mapping[str, Walk] | None = None,
    otherwise: Walk = value,
) -> Iterator[Change]:
    """Key by key.

    Args:
        defaults: what an absent key means.
        each: how to walk these keys.
        otherwise: how to walk all others.
    """
    defaults, each = defaults or {}, each or {}
    for key in dict.fromkeys((*old, *new)):
        before, after = (side.get(key, defaults.get(key, ABSENT)) for side in (old, new))
        here = f"{path}.{key}" if path else str(key)
        if before is ABSENT or after is ABSENT:
            yield from leaf(here, before, after)
        else:
            yield from each.get(key, otherwise)(here, before, after)
    if path in ORDERED:
        both = [[key for key in side if key in old and key in new] for side in (old, new)]
        if both[0] != both[1]:
            yield Change(path, "reordered", *both)
