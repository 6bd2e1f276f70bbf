"""PARENT: A thing that is gone and a thing that is new, with the same content: the same thing under another name."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any


def renamed(old: Mapping[str, Any], new: Mapping[str, Any], without: Sequence[str] = ()) -> dict[str, str]:
    """Old name → new name, each paired in the order in which they are written.

    Args:
        without: keys of the values that do not count, such as the names of neighbours.
    """
    waiting = [(name, _content(value, without)) for name, value in new.items() if name not in old]
    found = {}
    for name, value in old.items():
        if name in new:
            continue
        content = _content(value, without)
        match = next((place for place, (_, other) in enumerate(waiting) if other == content), None)
        if match is not None:
            found[name] = waiting.pop(match)[0]
    return found


def _content(value: Any, without: Sequence[str]) -> str:
    if isinstance(value, str):
        value = {value: {}}
    if isinstance(value, Mapping):
        value = {key: part or {} for key, part in value.items() if key not in without}
    return json.dumps(value, sort_keys=True, default=str)
