"""PARENT: The generic comparison of two values: every difference between them, once, without regard to its meaning."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

ORDERED = ("model.layers", "data.inputs", "data.outputs")
"""Config paths of mappings whose order matters: the stack of layers, and the signature's inputs and outputs."""

Verb = Literal["set", "added", "removed", "renamed", "reordered"]


class _Absent:
    """The type of `ABSENT`."""

    def __repr__(self) -> str:
        return "(absent)"


ABSENT = _Absent()
"""The value of a key that one side does not have."""


@dataclass(frozen=True)
class Change:
    """One difference between two values.

    Args:
        path: config path of the value; the new path where a layer was renamed.
        verb: what was done to the value.
        old: the old value; `ABSENT` where there was none; the old name of what was renamed; the old order of keys.
        new: the new value; `ABSENT` where there is none; the new name of what was renamed; the new order of keys.
        means: the changes that it brings in the expanded graph, of a model with blocks; None where it is one itself.
    """

    path: str
    verb: Verb
    old: Any
    new: Any
    means: tuple[Change, ...] | None = None


Walk = Callable[[str, Any, Any], Iterator[Change]]


def same(old: Any, new: Any) -> bool:
    """Return whether two values are equal, not taking ``True`` for ``1``."""
    if isinstance(old, bool) != isinstance(new, bool):
        return False
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(same(*pair) for pair in zip(old, new, strict=True))
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return old.keys() == new.keys() and all(same(old[key], new[key]) for key in old)
    return bool(old == new)


def compare_values(path: str, old: Any, new: Any) -> Iterator[Change]:
    """Compare two values of any kind.

    Mappings are compared key by key; lists of equal length item by item where they hold more than scalars.
    """
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from compare_mappings(path, old, new)
    elif isinstance(old, list) and isinstance(new, list):
        yield from compare_lists(path, old, new, compare_values)
    else:
        yield from compare_wholes(path, old, new)


def compare_wholes(path: str, old: Any, new: Any) -> Iterator[Change]:
    """Compare two values as wholes."""
    if old is ABSENT:
        yield Change(path, "added", old, new)
    elif new is ABSENT:
        yield Change(path, "removed", old, new)
    elif not same(old, new):
        yield Change(path, "set", old, new)


def compare_lists(path: str, old: list[Any], new: list[Any], item: Walk) -> Iterator[Change]:
    """Compare two lists item by item, or as wholes where their lengths differ or they hold only scalars."""
    nested = any(isinstance(part, list | Mapping) for part in (*old, *new))
    if len(old) != len(new) or not nested:
        yield from compare_wholes(path, old, new)
        return
    for index, (before, after) in enumerate(zip(old, new, strict=True)):
        yield from item(f"{path}[{index}]", before, after)


def compare_mappings(
    path: str,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    defaults: Mapping[str, Any] | None = None,
    each: Mapping[str, Walk] | None = None,
    otherwise: Walk = compare_values,
) -> Iterator[Change]:
    """Compare two mappings key by key.

    Args:
        path: config path of both mappings.
        old: the old mapping.
        new: the new mapping.
        defaults: key → the value that an absent key stands for.
        each: key → how to compare its values.
        otherwise: how to compare the values of all other keys.
    """
    defaults, each = defaults or {}, each or {}
    for key in dict.fromkeys((*old, *new)):
        before, after = (side.get(key, defaults.get(key, ABSENT)) for side in (old, new))
        here = f"{path}.{key}" if path else str(key)
        if before is ABSENT or after is ABSENT:
            yield from compare_wholes(here, before, after)
        else:
            yield from each.get(key, otherwise)(here, before, after)
    if path in ORDERED:
        both = [[key for key in side if key in old and key in new] for side in (old, new)]
        if both[0] != both[1]:
            yield Change(path, "reordered", both[0], both[1])
