"""PARENT: the words of a command line, judged before Hydra parses them: their size, and what they set of Hydra."""

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
    """Refuse what may not be said on a command line.

    Raises:
        ConfigError: a line for each.
    """
    found = [line for word in words for line in _refused(word)]
    if found:
        raise ConfigError(found)


def _refused(word: str) -> Iterator[str]:
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
    """The most brackets that are open at one time."""
    depth = deepest = 0
    for character in value:
        depth += (character in "[{(") - (character in "]})")
        deepest = max(deepest, depth)
    return deepest
