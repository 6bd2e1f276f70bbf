"""PARENT: The jobs of a sweep, made from its overrides and counted before: ``range(1000000000)`` is quickly typed."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence

from hydra.core.override_parser.types import Override, RangeSweep

from factory.core import messages
from factory.core.errors import ConfigError

MOST = 100_000  # jobs of a sweep; planning takes a millisecond for each


def jobs(overrides: Iterable[Override]) -> list[list[str]]:
    """Return the overrides of each job: every combination of values, the last key changing first.

    Raises:
        ConfigError: there are more than a sweep may have, or a value that cannot be swept.
    """
    swept = {override.get_key_element(): override for override in overrides}
    count = math.prod(size(override) for override in swept.values())
    if count > MOST:
        raise ConfigError(f"sweep: got {count:,} jobs; takes at most {MOST:,}")
    words = [[f"{key}={value}" for value in values(override)] for key, override in swept.items()]
    return [list(combination) for combination in itertools.product(*words)]


def values(override: Override) -> Sequence[str]:
    """Return the values that a key takes in the jobs of a sweep, as overrides write them."""
    if override.is_sweep_override():
        return list(override.sweep_string_iterator())
    return [override.get_value_element_as_str()]


def size(override: Override) -> int:
    """Return how many values an override has, without making them.

    Raises:
        ConfigError: they cannot be counted, as those of an interval, or there are none.
    """
    name, text = override.get_key_element().lstrip("+~"), str(override.input_line).partition("=")[2]
    if not override.is_sweep_override():
        return 1
    if not override.is_discrete_sweep():
        raise ConfigError(messages.wrong(name, text, "values that can be counted; an interval is for a search"))
    value = override.value()
    if not isinstance(value, RangeSweep):
        if many := len(list(override.sweep_string_iterator())):
            return many
        raise ConfigError(messages.wrong(name, text, "at least one value"))
    start, stop, step = value.start or 0, value.stop or 0, value.step
    if not step or not all(map(math.isfinite, (start, stop, step))):
        raise ConfigError(messages.wrong(name, text, "a range between finite numbers, in steps that are not 0"))
    count = -((start - stop) // step)  # exact for whole numbers of any size
    if not count >= 1:
        raise ConfigError(messages.wrong(name, text, "a range with a number in it"))
    return int(min(count, 10**18))
