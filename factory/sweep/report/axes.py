"""PARENT: Where values lie on the axes of parallel coordinates: numbers to scale, a few values one above the other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MOST_STEPS = 8  # different numbers that get a place each; more lie to scale
MOST_TICKS = 12
LOGARITHMIC = 50  # largest number over smallest from which a scale is logarithmic
FAN = 0.14  # of an axis: how far the jobs of one value are spread
FEW = 3  # ticks that are too few
LONGEST = 18  # characters of a tick
UNSET = "not set"


@dataclass(frozen=True)
class Axis:
    """One axis, from 0 at the bottom to 1 at the top.

    Args:
        places: of each value.
        ticks: place and words.
        fan: height over which the jobs of one value are spread, so that their lines do not hide each other.
    """

    places: Mapping[str, float]
    ticks: Sequence[tuple[float, str]]
    fan: float = 0.0


def axis_of(words: Sequence[str]) -> Axis:
    """The axis of one key.

    Args:
        words: its value in each job, as it was typed, in the order of the jobs.

    Returns:
        Numbers and lists of numbers with the smallest at the bottom; above them other words, the first at the top.
    """
    distinct = list(dict.fromkeys(words))
    numbers = {word: value for word in distinct if (value := number(word)) is not None}
    sampled = any(len(word) > LONGEST for word in numbers)  # nobody types such a number, or reads it
    if len(numbers) == len(distinct) and (sampled or len(distinct) > MOST_STEPS):
        scale = Scale.over(list(numbers.values()))
        return Axis({word: scale.place(value) for word, value in numbers.items()}, scale.ticks())
    weights = {word: value for word in distinct if (value := weight(word)) is not None}
    others = [word for word in reversed(distinct) if word not in weights]
    return steps([*sorted(weights, key=lambda word: weights[word]), *others])


def steps(words: Sequence[str]) -> Axis:
    """A place each, evenly; where there are too many for words, every so many has them."""
    last = len(words) - 1
    places = {word: place / last if last else 0.5 for place, word in enumerate(words)}
    every = -(-len(words) // MOST_TICKS)
    ticks = [(places[word], shortened(word)) for place, word in enumerate(words) if (last - place) % every == 0]
    return Axis(places, ticks, min(FAN, 0.5 / max(1, last)))


def number(word: str) -> float | None:
    """The finite number that a word is."""
    try:
        value = float(word)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def weight(word: str) -> float | None:
    """The number, or the sum of a list of numbers.

    >>> weight("[64,32]"), weight("adam")
    (96.0, None)
    """
    numbers = [number(part) for part in word.strip("[]").split(",")]
    return None if None in numbers else sum(part for part in numbers if part is not None)


def shortened(word: str, longest: int = LONGEST) -> str:
    return word if len(word) <= longest else f"{word[: longest - 1]}…"


@dataclass(frozen=True)
class Scale:
    """From numbers to places.

    Args:
        low: at 0.
        high: at 1; may be the smaller number.
        logarithmic: whether equal ratios are equally far apart.
    """

    low: float
    high: float
    logarithmic: bool = False

    @classmethod
    def over(cls, values: Sequence[float]) -> Scale:
        low, high = min(values), max(values)
        return cls(low, high, low > 0 and high / low >= LOGARITHMIC)

    def place(self, value: float) -> float:
        """Between 0 and 1; what lies beyond an end is put there."""
        low, high, at = (math.log(x) if self.logarithmic else x for x in (self.low, self.high, value))
        return round(min(1.0, max(0.0, (at - low) / (high - low))), 4) if high != low else 0.5

    def ticks(self) -> list[tuple[float, str]]:
        """Round numbers within; the number itself where there is one only."""
        if self.low == self.high:
            return [(0.5, f"{self.low:.4g}")]
        low, high = sorted((self.low, self.high))
        found = decades(low, high) if self.logarithmic else rounds(low, high)
        return [(self.place(value), f"{value:.4g}") for value in found]


def rounds(low: float, high: float, most: int = 6) -> list[float]:
    """At most so many multiples of 1, 2 or 5 times a power of ten.

    >>> rounds(0.13, 0.58)
    [0.2, 0.3, 0.4, 0.5]
    """
    unit = 10.0 ** math.floor(math.log10((high - low) / most))
    step = next(unit * times for times in (1, 2, 5, 10) if (high - low) / (unit * times) <= most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(step * count, 12) for count in range(first, last + 1)]


def decades(low: float, high: float, most: int = 6) -> list[float]:
    """Powers of ten, at most so many; where there are few, also 2 and 5 times these.

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
