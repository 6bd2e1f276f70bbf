"""SHARED: Error messages in one line: a refused value, a missing key, the message of another library's error."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any

MOST_LISTED = 10
MISSING = ": missing; takes "


def wrong(path: str, value: Any, takes: str, among: Iterable[str] = ()) -> str:
    """Return the message for a value that its key does not take.

    >>> wrong("train.backend", "pytorch", "jax, tensorflow, torch", ["jax", "tensorflow", "torch"])
    "train.backend: got 'pytorch'; takes jax, tensorflow, torch; did you mean 'torch'?"
    """
    return f"{path}: got {shown(value)}; takes {takes}{meant(value, among)}"


def unknown(path: str, key: str, keys: Sequence[str]) -> str:
    """Return the message for a key that its node does not have; ``path`` ends with the key."""
    takes = listed(keys) if keys else "no keys"
    return f"{path}: unknown key; takes {takes}{meant(key, keys)}"


def missing(path: str, takes: str) -> str:
    """Return the message for a key that must be given."""
    return f"{path}{MISSING}{takes}"


def is_missing(line: str) -> bool:
    """Return whether a line is one of `missing`."""
    return MISSING in line


def meant(value: Any, among: Iterable[str]) -> str:
    """Return ``; did you mean 'relu'?`` with the nearest word, or nothing."""
    if not isinstance(value, str):
        return ""
    words = {word.lower(): word for word in among}
    close = difflib.get_close_matches(value.lower(), words, n=1, cutoff=0.5)
    return f"; did you mean '{words[close[0]]}'?" if close else ""


def listed(words: Sequence[str]) -> str:
    """Return words as ``a, b, c``, cut short where there are many."""
    cut = list(words[:MOST_LISTED]) + (["…"] if len(words) > MOST_LISTED else [])
    return ", ".join(cut)


def shown(value: Any) -> str:
    """Return a value as it is quoted in an error, cut short where it is long."""
    text = repr(value)
    return text if len(text) <= 80 else text[:79] + "…"
