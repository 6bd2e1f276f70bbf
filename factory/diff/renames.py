"""PARENT: Detection of renames: an entry that is gone and an entry that is new, with the same content."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any


def find_renames(old: Mapping[str, Any], new: Mapping[str, Any], without: Sequence[str] = ()) -> dict[str, str]:
    """Return old name → new name of entries with the same content, paired in the order in which they are written.

    Args:
        old: name → content.
        new: name → content.
        without: keys of the content that do not count, such as the names of neighbours.
    """
    waiting = [(name, _content(value, without)) for name, value in new.items() if name not in old]
    found = {}
    for name, value in old.items():
        if name in new:
            continue
        content = _content(value, without)
        match = next((index for index, (_, other) in enumerate(waiting) if other == content), None)
        if match is not None:
            found[name] = waiting.pop(match)[0]
    return found


def _content(value: Any, without: Sequence[str]) -> str:
    """Return the content of an entry as comparable text; a name alone equals one with empty arguments."""
    if isinstance(value, str):
        value = {value: {}}
    if isinstance(value, Mapping):
        value = {key: part or {} for key, part in value.items() if key not in without}
    return json.dumps(value, sort_keys=True, default=str)
