"""PARENT: the axes of parallel coordinates: many numbers lie to scale, a few values at even distances."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MOST_STEPS = 8  # distinct numbers that lie at even distances; more lie to scale
MOST_TICKS = 12
LOGARITHMIC = 50  # largest number over smallest from which a scale is logarithmic
FAN = 0.14  # of an axis: how far the jobs of one value are spread
FEW = 3  # powers of ten below which 2 and 5 times these are ticks too
LONGEST = 18  # characters of a tick
UNSET = "not set"


@dataclass(frozen=True)
class Axis:
    """An axis of parallel coordinates, from 0 at the bottom to 1 at the top.

    Args:
        positions: value → position.
        ticks: position and label of each tick.
        fan: height over which jobs of the same value are spread, so that their lines do not hide each other.
    """

    positions: Mapping[str, float]
    ticks: Sequence[tuple[float, str]]
    fan: float = 0.0


def axis_of(words: Sequence[str]) -> Axis:
    """Return the axis of one swept key.

    Args:
        words: the key's value in each job, as it was typed, in the order of the jobs.

    Returns:
        An axis with numbers and lists of numbers at the bottom, the smallest lowest; above them all other values, the
        first at the top.
    """
    distinct = list(dict.fromkeys(words))
    numbers = {word: value for word in distinct if (value := number(word)) is not None}
    sampled = any(len(word) > LONGEST for word in numbers)  # nobody types such a number, or reads it
    if len(numbers) == len(distinct) and (sampled or len(distinct) > MOST_STEPS):
        scale = Scale.over(list(numbers.values()))
        return Axis({word: scale.position(value) for word, value in numbers.items()}, scale.ticks())
    weights = {word: value for word in distinct if (value := weight(word)) is not None}
    others = [word for word in reversed(distinct) if word not in weights]
    return steps([*sorted(weights, key=lambda word: weights[word]), *others])


def steps(words: Sequence[str]) -> Axis:
    """Return an axis with these values at even distances and at most `MOST_TICKS` ticks."""
    last = len(words) - 1
    positions = {word: position / last if last else 0.5 for position, word in enumerate(words)}
    every = -(-len(words) // MOST_TICKS)
    ticks = [
        (positions[word], shortened(word)) for position, word in enumerate(words) if (last - position) % every == 0
    ]
    return Axis(positions, ticks, min(FAN, 0.5 / max(1, last)))


def number(word: str) -> float | None:
    """Return a text as a finite number; None where it is none."""
    try:
        value = float(word)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def weight(word: str) -> float | None:
    """Return a number, or the sum of a list of numbers; None for any other text.

    >>> weight("[64,32]"), weight("adam")
    (96.0, None)
    """
    numbers = [number(part) for part in word.strip("[]").split(",")]
    return None if None in numbers else sum(part for part in numbers if part is not None)


def shortened(word: str, longest: int = LONGEST) -> str:
    """Return a text cut to ``longest`` characters."""
    return word if len(word) <= longest else f"{word[: longest - 1]}…"


@dataclass(frozen=True)
class Scale:
    """A mapping from numbers to positions on an axis.

    Args:
        low: the number at position 0.
        high: the number at position 1; may be smaller than ``low``.
        logarithmic: whether the scale is logarithmic.
    """

    low: float
    high: float
    logarithmic: bool = False

    @classmethod
    def over(cls, values: Sequence[float]) -> Scale:
        """Make the scale from the least to the greatest of these values, logarithmic where they span much."""
        low, high = min(values), max(values)
        return cls(low, high, low > 0 and high / low >= LOGARITHMIC)

    def position(self, value: float) -> float:
        """Return the position of a number, between 0 and 1; numbers beyond an end lie at that end."""
        low, high, at = (math.log(x) if self.logarithmic else x for x in (self.low, self.high, value))
        return round(min(1.0, max(0.0, (at - low) / (high - low))), 4) if high != low else 0.5

    def ticks(self) -> list[tuple[float, str]]:
        """Return position and label of round numbers on the scale; of the number itself where there is only one."""
        if self.low == self.high:
            return [(0.5, f"{self.low:.4g}")]
        low, high = sorted((self.low, self.high))
        found = decades(low, high) if self.logarithmic else rounds(low, high)
        return [(self.position(value), f"{value:.4g}") for value in found]


def rounds(low: float, high: float, most: int = 6) -> list[float]:
    """Return at most ``most`` multiples of 1, 2 or 5 times a power of ten within a range.

    >>> rounds(0.13, 0.58)
    [0.2, 0.3, 0.4, 0.5]
    """
    unit = 10.0 ** math.floor(math.log10((high - low) / most))
    step = next(unit * times for times in (1, 2, 5, 10) if (high - low) / (unit * times) <= most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(step * count, 12) for count in range(first, last + 1)]


def decades(low: float, high: float, most: int = 6) -> list[float]:
    """Return at most ``most`` powers of ten within a range; where there are few, also 2 and 5 times these.

    >>> decades(0.0005, 2)
    [0.001, 0.01, 0.1, 1.0]
    >>> decades(3, 40)
    [5.0, 10.0, 20.0]
    """
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    powers = [10.0**power for power in range(first, last + 1)]
    found = [power for power in powers if low <= power <= high]
    if len(found) < FEW:
        return [value for power in powers for times in (1, 2, 5) if low <= (value := power * times) <= high]
    return found[:: -(-len(found) // most)]
