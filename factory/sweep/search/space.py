"""PARENT: the search space, read from overrides in Hydra's own syntax.

optimizer.learning_rate=tag(log,interval(1e-4,1e-1))     a number, sampled on a logarithmic scale
model.dropout=interval(0,0.5)                            a number
train.batch_size=int(interval(16,256))                   a whole number; range(16,257,16) for one in steps
model.hidden=choice([64],[128,64])  or  model=mlp,cnn    one of these
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep, Transformer

from factory.config.composition import product
from factory.core import messages
from factory.core.errors import ConfigError

TAGS = ("log",)
TAKES = "interval(low,high), int(interval(low,high)), range(…), tag(log,…) of one of them, or choice(…)"


@dataclass(frozen=True)
class Dimension:
    """A dimension of a search space: a key and its possible values.

    Args:
        key: of the override, with its sign (``+``, ``++``).
        choices: the values as an override writes them; empty for numbers.
        low: the least number; an int where only whole numbers are meant.
        high: the greatest number.
        step: distance between numbers, None for a continuous range.
        log: whether numbers are sampled on a logarithmic scale.
    """

    key: str
    choices: tuple[str, ...] = ()
    low: float | int = 0
    high: float | int = 0
    step: float | int | None = None
    log: bool = False

    @property
    def name(self) -> str:
        """Return the key without its sign."""
        return self.key.lstrip("+~")

    @property
    def ends(self) -> tuple[Any, Any]:
        """Return the first and the last value."""
        return (self.choices[0], self.choices[-1]) if self.choices else (self.low, self.high)


@dataclass(frozen=True)
class Space:
    """The overrides of a search, in order: fixed ones as text, and dimensions."""

    parts: tuple[str | Dimension, ...]

    @property
    def dimensions(self) -> list[Dimension]:
        return [part for part in self.parts if isinstance(part, Dimension)]

    @property
    def keys(self) -> list[str]:
        """Return the names of the dimensions."""
        return [dimension.name for dimension in self.dimensions]

    def words(self, values: Mapping[str, Any]) -> list[str]:
        """Return the overrides of one trial.

        Args:
            values: name of each dimension → a number, or one of its choices.
        """
        return [part if isinstance(part, str) else f"{part.key}={values[part.name]}" for part in self.parts]

    def ends(self) -> Iterator[list[str]]:
        """Yield the overrides of two trials: one with the first value of every dimension, one with the last."""
        for end in (0, 1):
            yield self.words({dimension.name: dimension.ends[end] for dimension in self.dimensions})

    def plain(self) -> list[Any]:
        """Return the space as JSON values: fixed overrides as text, dimensions as mappings."""
        return [part if isinstance(part, str) else asdict(part) for part in self.parts]


def as_words(params: Mapping[str, Any]) -> list[str]:
    """Return a space in YAML as overrides; a string is Hydra's syntax, a list has the choices."""

    def said(value: Any) -> str:
        if isinstance(value, list):
            return ",".join(Transformer.str(item) for item in value)
        return value if isinstance(value, str) else Transformer.str(value)

    return [f"{key}={said(value)}" for key, value in params.items()]


def read_space(words: Iterable[str], parser: OverridesParser) -> Space:
    """Read the search space from overrides; the later of two overrides of a key counts.

    Raises:
        ConfigError: dimensions that are not valid, all problems at once, or no dimension at all.
        OverrideParseException: Hydra cannot parse an override.
    """
    overrides = {override.get_key_element(): override for override in parser.parse_overrides(list(words))}
    parts: list[str | Dimension] = []
    found: list[str] = []
    for key, override in overrides.items():
        if override.is_sweep_override():
            try:
                parts.append(dimension(key, override))
            except ConfigError as error:
                found += error.problems
        else:
            parts.append(str(override.input_line))
    if found:
        raise ConfigError(found)
    space = Space(tuple(parts))
    if not space.dimensions:
        raise ConfigError(f"search: got no key to search; takes at least one that is set to {TAKES}")
    return space


def dimension(key: str, override: Override) -> Dimension:
    """Read a dimension from a swept override.

    Raises:
        ConfigError: it cannot be searched.
    """
    name, text = key.lstrip("+~"), str(override.input_line).partition("=")[2]
    value = override.value()
    tags: set[str] = getattr(value, "tags", set())
    if name == "seed":
        raise ConfigError(messages.wrong(name, text, "one number in a search, which would choose the luckiest"))
    if odd := sorted(tags - set(TAGS)):
        raise ConfigError(messages.wrong(name, text, f"tags: {messages.listed(TAGS)}", TAGS) + f" (not {odd[0]})")
    if isinstance(value, IntervalSweep):
        found = Dimension(key, low=value.start or 0, high=value.end or 0, log=bool(tags))
    elif isinstance(value, RangeSweep):
        found = steps(key, ends(override, value), text, log=bool(tags))
    else:
        found = Dimension(key, tuple(dict.fromkeys(override.sweep_string_iterator())), log=bool(tags))
    if fault := misfit(found):
        raise ConfigError(messages.wrong(name, text, fault))
    return found


def ends(override: Override, value: RangeSweep) -> list[Any]:
    """Return the first two numbers of a range and its last, without listing the range, which may be huge."""
    count = product.size(override)
    first, step = value.start or 0, value.step
    positions = sorted({0, min(1, count - 1), count - 1})
    return [first + position * step for position in positions]


def steps(key: str, numbers: list[Any], text: str, log: bool) -> Dimension:
    """Return the numbers of a ``range`` as a dimension, which keeps their order, unlike choices.

    Raises:
        ConfigError: the range is empty.
    """
    if not numbers:
        raise ConfigError(messages.wrong(key.lstrip("+~"), text, "a range with a number in it"))
    low, high = min(numbers), max(numbers)
    step = round(abs(numbers[1] - numbers[0]), 12) if len(numbers) > 1 else 1
    return Dimension(key, low=low, high=high, step=None if log and step == 1 else step, log=log)


def misfit(found: Dimension) -> str | None:
    """Return what an invalid dimension would have to be, in words; None for a valid one."""
    if found.choices:
        return "a log of numbers only" if found.log else None
    if found.low > found.high:
        return "the smaller number first"
    if found.log and found.low <= 0:
        return "numbers above 0 under a logarithm"
    return "no steps but those of 1 under a logarithm" if found.log and found.step else None
