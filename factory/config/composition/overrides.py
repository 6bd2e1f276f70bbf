"""PARENT: The check of command-line overrides before Hydra parses them: their size, and what they set of Hydra."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from factory.config.composition.hydra_node import refused_word
from factory.core import messages
from factory.core.errors import ConfigError

LONGEST_KEY = 200  # characters of each step: groups are files, and file systems take 255
LONGEST, MOST_PARTS, DEEPEST = 100_000, 2_000, 50  # Hydra's parser takes a millisecond for each part of a list
TO_A_FILE = "more goes into a YAML file of --config-dir"


def check_overrides(words: Sequence[str]) -> None:
    """Refuse overrides that are malformed, too large, or set what Hydra alone may set.

    Raises:
        ConfigError: one line for each override that is refused.
    """
    problems = [line for word in words for line in _refused(word)]
    if problems:
        raise ConfigError(problems)


def _refused(word: str) -> Iterator[str]:
    """Yield the first problem of an override, if any."""
    key, _, value = word.partition("=")
    if not key.strip("+~"):
        yield f"command line: got {messages.shown(word)}; takes key=value"
    elif any(len(step) > LONGEST_KEY for step in re.split(r"[./@:]", key)):
        yield f"command line: got the key {messages.shown(key)}; takes names of at most {LONGEST_KEY} characters"
    elif not key.isprintable():
        yield f"command line: got the key {messages.shown(key)}; takes printable characters"
    elif len(value) > LONGEST or sum(map(value.count, ",[{(")) > MOST_PARTS:
        limits = f"at most {LONGEST:,} characters and {MOST_PARTS:,} values; {TO_A_FILE}"
        yield messages.wrong(key, value, limits)
    elif _depth(value) > DEEPEST:
        yield messages.wrong(key, value, f"at most {DEEPEST} levels")
    elif line := refused_word(key):
        yield line


def _depth(value: str) -> int:
    """Return the largest number of brackets that are open at one time."""
    depth = deepest = 0
    for character in value:
        depth += (character in "[{(") - (character in "]})")
        deepest = max(deepest, depth)
    return deepest
