"""SHARED: What a user declares of each column under ``data.columns``: its kind and how it is prepared.

A column is declared as a kind alone (``job: category``) or with arguments (``age: {kind: number, missing: mean}``).
`factory.preprocessing.fit` makes fitted preprocessing of it and the training rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any, ClassVar, TypeAlias

from factory.core.errors import ConfigError
from factory.core.messages import listed, missing, unknown, wrong
from factory.preprocessing.columns import PARTS, Part
from factory.preprocessing.rules import BOOL, NULL, NUMBER, TEXT, Rule, choice, either, is_number, list_of, whole

LEFT_OUT = "???"
"""What a config holds where a value is still to be given."""

STATISTICS = ("median", "mean", "refuse")
FILLING = either(choice(*STATISTICS), NUMBER)
AUTO_BOOL = either(BOOL, NULL)
RANGE = Rule(
    "a list [lowest, highest]",
    lambda value: (
        isinstance(value, list | tuple) and len(value) == 2 and all(map(is_number, value)) and value[0] < value[1]
    ),
)
SPELLINGS = list_of(
    either(TEXT, whole(-(2**31))), "a list of texts; put quotes around yes, no, on, off, true, false", 1
)
YES, NO = ("true", "yes", "y", "t", "1", "on"), ("false", "no", "n", "f", "0", "off")


def key(default: Any, rule: Rule, says: str) -> Any:
    """Return a field of a declaration.

    Args:
        default: its value where it is not given.
        rule: what it takes.
        says: one line about it.
    """
    return field(default=default, metadata={"rule": rule, "says": says})


@dataclass(frozen=True)
class Number:
    """A number."""

    kind: ClassVar = "number"
    missing: str | float = key("median", FILLING, "what stands for a missing one; refuse: the training rows have none")
    indicator: bool | None = key(None, AUTO_BOOL, "a number that says where one was missing; null: where any is")
    scale: str = key("standard", choice("standard", "robust", "none"), "by mean and deviation, or median and quartiles")
    log: bool = key(False, BOOL, "whether the logarithm is taken, above the lowest value")
    clip: tuple[float, float] | None = key(
        None, either(RANGE, NULL), "null: the training range and its width on both sides"
    )
    bins: int = key(
        0,
        either(Rule("0", lambda value: value == 0 and not isinstance(value, bool)), whole(2, 1000)),
        "number of quantile bins, which make it a category",
    )

    def faults(self) -> Iterator[tuple[str, Any, str]]:
        if self.clip and is_number(self.missing) and not self.clip[0] <= float(self.missing) <= self.clip[1]:
            yield "missing", self.missing, f"a number within clip: {list(self.clip)}"
        if self.bins and self.log:
            yield "log", self.log, "false beside bins, which are the same with and without"
        if self.bins and self.indicator:
            yield "indicator", self.indicator, "false or null beside bins, where missing is a bin of its own"


@dataclass(frozen=True)
class Category:
    """A category: one word of a vocabulary, or any word, hashed."""

    kind: ClassVar = "category"
    missing: str = key("allow", choice("allow", "refuse"), "refuse: the training rows have none that is missing")
    min_count: int = key(2, whole(1), "how often a word must occur in the training rows to have a place of its own")
    words: int = key(1000, whole(1, 10_000_000), "the largest vocabulary; the most frequent words stay")
    buckets: int = key(0, whole(0, 10_000_000), "number of hash buckets in place of a vocabulary")
    lower: bool = key(False, BOOL, "whether the letters A to Z are made small")
    encoding: str | None = key(None, either(choice("embedding", "one_hot"), NULL), "null: one_hot up to 12 words")

    def faults(self) -> Iterator[tuple[str, Any, str]]:
        yield from ()


@dataclass(frozen=True)
class Boolean:
    """A yes or no."""

    kind: ClassVar = "boolean"
    true: tuple[str, ...] = key(YES, SPELLINGS, "the spellings of yes; capitals do not matter")
    false: tuple[str, ...] = key(NO, SPELLINGS, "the spellings of no")
    missing: str | float = key(
        "median",
        either(choice(*STATISTICS), Rule("a number from 0 to 1", lambda v: is_number(v) and 0 <= v <= 1), BOOL),
        "what stands for a missing one; the median is the more frequent of yes and no",
    )
    indicator: bool | None = key(None, AUTO_BOOL, "a number that says where one was missing; null: where any is")

    def faults(self) -> Iterator[tuple[str, Any, str]]:
        if both := [word for word in self.true if word in self.false]:
            yield "false", both[0], "spellings that are not among those of true"
        if "" in (*self.true, *self.false):
            yield "true" if "" in self.true else "false", "", "no empty text, which is a missing value"


@dataclass(frozen=True)
class Datetime:
    """A date or a date-time, in UTC."""

    kind: ClassVar = "datetime"
    format: str | None = key(
        None,
        either(Rule("a format such as '%d.%m.%Y'", lambda v: TEXT.accepts(v) and "%" in v), NULL),
        "how it is written, as in Python's strftime; null: it is recognized",
    )
    parts: tuple[Part, ...] | None = key(
        None, either(list_of(choice(*PARTS), f"a list of {listed(list(PARTS))}"), NULL), "null: those that vary"
    )
    elapsed: bool = key(True, BOOL, "whether the time itself is among the numbers")
    missing: str | float = key("median", FILLING, "what stands for a missing one; a number is seconds since 1970")
    indicator: bool | None = key(None, AUTO_BOOL, "a number that says where one was missing; null: where any is")

    def faults(self) -> Iterator[tuple[str, Any, str]]:
        if self.parts == () and not self.elapsed:
            yield "parts", [], "at least one part where elapsed is false"


@dataclass(frozen=True)
class Text:
    """A text of many words."""

    kind: ClassVar = "text"
    words: int = key(5000, whole(1, 10_000_000), "the largest vocabulary; the most frequent words stay")
    min_count: int = key(2, whole(1), "how often a word must occur in the training rows to be known")
    length: int = key(64, whole(1, 1_000_000), "number of word ids; longer texts are cut")
    bag: bool = key(False, BOOL, "whether the words are counted, in place of ids in their order")

    def faults(self) -> Iterator[tuple[str, Any, str]]:
        yield from ()


@dataclass(frozen=True)
class Ignore:
    """A column that the model does not read."""

    kind: ClassVar = "ignore"

    def faults(self) -> Iterator[tuple[str, Any, str]]:
        yield from ()


Declared: TypeAlias = Number | Category | Boolean | Datetime | Text | Ignore
DECLARED: Mapping[str, type[Declared]] = {
    kind.kind: kind for kind in (Number, Category, Boolean, Datetime, Text, Ignore)
}


def parse_columns(node: Any, path: str = "data.columns") -> dict[str, Declared]:
    """Return the declarations of all columns.

    Args:
        node: column name → kind, or mapping with ``kind`` and arguments.
        path: of the node in the config.

    Raises:
        ConfigError: a line for each fault.
    """
    if not isinstance(node, Mapping):
        raise ConfigError(wrong(path, node, "a mapping from column to kind"))
    problems: list[str] = []
    declared: dict[str, Declared] = {}
    for name, part in node.items():
        if isinstance(name, bool):
            problems.append(wrong(path, name, "names of columns; put quotes around yes, no, on, off, true, false"))
            continue
        try:
            declared[str(name)] = parse(part, f"{path}.{name}")
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return declared


def parse(node: Any, path: str) -> Declared:
    """Return the declaration of one column.

    Args:
        node: a kind, or a mapping with ``kind`` and arguments.
        path: of the node in the config.

    Raises:
        ConfigError: a line for each fault.
    """
    takes = listed(list(DECLARED))
    if node is None or isinstance(node, str):
        where, node = path, {"kind": LEFT_OUT if node is None else node}
    elif isinstance(node, Mapping):
        where, node = f"{path}.kind", {_word(name): value for name, value in node.items()}
    else:
        raise ConfigError(wrong(path, node, f"{takes}, or a mapping with kind and its arguments"))
    name = node.get("kind", LEFT_OUT)
    if name == LEFT_OUT:
        raise ConfigError(missing(where, takes))
    if not isinstance(name, str) or name not in DECLARED:
        raise ConfigError(wrong(where, name, takes, DECLARED))
    return _checked(DECLARED[name], {name: value for name, value in node.items() if name != "kind"}, path)


def write(declared: Declared) -> str | dict[str, Any]:
    """Return the shortest node that `parse` reads as this declaration."""
    changed = {
        one.name: list(value) if isinstance(value, tuple) else value
        for one in fields(declared)
        if (value := getattr(declared, one.name)) != one.default
    }
    return {"kind": declared.kind, **changed} if changed else declared.kind


def _word(name: Any) -> str:
    """Return a key as it was written: YAML reads ``true`` as a truth value."""
    return str(name).lower() if isinstance(name, bool) else str(name)


def _checked(kind: type[Declared], arguments: Mapping[str, Any], path: str) -> Declared:
    known: dict[str, Field[Any]] = {one.name: one for one in fields(kind)}
    problems = []
    for name, value in arguments.items():
        if name not in known:
            problems.append(unknown(f"{path}.{name}", name, ["kind", *known]))
        elif value == LEFT_OUT:
            problems.append(missing(f"{path}.{name}", known[name].metadata["rule"].words))
        elif not (rule := known[name].metadata["rule"]).accepts(value):
            problems.append(wrong(f"{path}.{name}", value, rule.words, rule.among))
    if problems:
        raise ConfigError(problems)
    declared = kind(**{name: _plain(name, value) for name, value in arguments.items()})
    if faults := [wrong(f"{path}.{name}", value, takes) for name, value, takes in declared.faults()]:
        raise ConfigError(faults)
    return declared


def _plain(name: str, value: Any) -> Any:
    """Return an accepted value in the type of its field."""
    if name in ("true", "false"):
        return tuple(dict.fromkeys("".join(map(_small, str(word))) for word in value))
    if name == "clip" and value is not None:
        return tuple(map(float, value))
    if name == "missing" and not isinstance(value, str):
        return float(value)
    return tuple(value) if isinstance(value, list) else value


def _small(character: str) -> str:
    return character.lower() if "A" <= character <= "Z" else character
