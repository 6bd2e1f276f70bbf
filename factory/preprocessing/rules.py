"""SHARED: Rules for single values of a declaration or a file: what is accepted, and the words for it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Rule:
    """What a value may be.

    Args:
        words: for it, as they follow "takes" in an error.
        accepts: whether a value is such; never raises.
        among: the words it may be, if it may be words.
    """

    words: str
    accepts: Callable[[Any], bool]
    among: tuple[str, ...] = ()


def choice(*words: str) -> Rule:
    """Return the rule of one of several words."""
    return Rule(", ".join(words), lambda value: isinstance(value, str) and value in words, words)


def either(*rules: Rule) -> Rule:
    """Return the rule of what one of several accepts."""
    words = " or ".join(rule.words for rule in rules)
    return Rule(words, lambda value: any(r.accepts(value) for r in rules), sum((r.among for r in rules), ()))


def whole(least: int, most: int = 2**31 - 1) -> Rule:
    """Return the rule of a whole number within bounds."""
    words = f"a whole number from {least} to {most:,}"
    return Rule(words, lambda value: is_whole(value) and least <= value <= most)


def list_of(rule: Rule, words: str, least: int = 0) -> Rule:
    """Return the rule of a list without doublets whose items another rule accepts."""

    def accepts(value: Any) -> bool:
        if not isinstance(value, list | tuple) or len(value) < least or not all(rule.accepts(item) for item in value):
            return False
        return len(set(value)) == len(value)

    return Rule(words, accepts, rule.among)


def is_whole(value: Any) -> bool:
    """Return whether a value is a whole number, and no truth value."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: Any) -> bool:
    """Return whether a value is a number that float64 holds, neither infinite nor NaN."""
    if isinstance(value, float):
        return math.isfinite(value)
    return is_whole(value) and -LARGEST <= value <= LARGEST


def is_text(value: Any) -> bool:
    """Return whether a value is text that UTF-8 can carry: no half of a surrogate pair."""
    return isinstance(value, str) and not any("\ud800" <= character <= "\udfff" for character in value)


def is_small(value: str) -> bool:
    """Return whether a text holds no capital letter of ASCII."""
    return not any("A" <= character <= "Z" for character in value)


LARGEST = 1.7976931348623157e308
NULL = Rule("null", lambda value: value is None)
BOOL = Rule("true or false", lambda value: isinstance(value, bool))
NUMBER = Rule("a number", is_number)
TEXT = Rule("a text", is_text)
