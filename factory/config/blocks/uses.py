"""PARENT: One use of a layer or block: what it is called with, how often, and what is added to its output.

stage2: {residual: {filters: 32}, repeat: 3, first: {stride: 2}}       # three in a row, the first with a stride
dilated: {causal: {filters: 64}, each: {dilation: [1, 2, 4, 8]}}       # four in a row
mixed: {attention: {heads: 4}, skip: true}                         # adds its input to its output
down: {convs: {filters: 32}, skip: {projection: {filters: 32}}}    # adds what a layer or block makes of it
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from factory.config.blocks.declared import USE, Report
from factory.config.schema.values import shape
from factory.core import messages

WHAT = "a layer or a block, or same_as"


@dataclass(frozen=True)
class Use:
    """A node whose parameters are filled in.

    Args:
        name: the layer or block; the node that it calls again where ``again``.
        arguments: of the layer or block.
        again: whether it is ``same_as`` another node.
        repeat: how many in a row; None for one that bears the node's own name.
        first: arguments of the first one only.
        last: arguments of the last one only.
        each: argument → its value in each one.
        skip: whether its first input is added to its output, or the layer or block that this goes through before.
    """

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    again: bool = False
    repeat: int | None = None
    first: Mapping[str, Any] = field(default_factory=dict)
    last: Mapping[str, Any] = field(default_factory=dict)
    each: Mapping[str, list[Any]] = field(default_factory=dict)
    skip: Any = False

    def repetitions(self) -> Iterator[tuple[Mapping[str, Any], dict[str, str]]]:
        """Yield the arguments of each one in a row, and argument → the place in the node that it comes from."""
        count = self.repeat or 1
        for index in range(count):
            places = {key: f"each.{key}[{index}]" for key in self.each}
            arguments = {**self.arguments, **{key: values[index] for key, values in self.each.items()}}
            for word, there, more in (("first", index == 0, self.first), ("last", index == count - 1, self.last)):
                if there:
                    arguments |= more
                    places |= {key: f"{word}.{key}" for key in more}
            yield arguments, places


def read_use(node: Any, path: str, known: Collection[str], report: Report) -> Use | None:
    """Return the use that a node declares; None where it is none, which is reported.

    Args:
        node: with its parameters filled in.
        path: of the node in the config.
        known: names of all layers and blocks.
        report: takes the line of each problem.
    """
    if isinstance(node, str):
        node = {node: {}}
    if not isinstance(node, Mapping):
        report(messages.wrong(path, node, WHAT))
        return None
    names = [key for key in node if key not in USE]
    if "same_as" in node:
        names = [*names, *(key for key in ("first", "last", "each") if key in node)]
        for key in names:
            report(messages.unknown(f"{path}.{key}", str(key), ("from", "same_as", "repeat", "skip")))
        return None if names else _repeated(Use(str(node["same_as"]), again=True), node, path, report)
    chosen = [key for key in names if key in known] or names
    if len(chosen) != 1:
        report(messages.wrong(path, node, f"{WHAT}; one in a node"))
        return None
    if others := [key for key in names if key != chosen[0]]:
        for key in others:
            report(messages.unknown(f"{path}.{key}", str(key), USE))
        return None
    (name,) = chosen
    if name not in known:
        blocks = [word for word in known if not word[:1].isupper()]
        report(messages.wrong(path, name, "a layer of keras.layers or a block" + _among(blocks), known))
        return None
    arguments = {} if node[name] is None else node[name]
    if not isinstance(arguments, Mapping):
        report(messages.wrong(f"{path}.{name}", arguments, "a mapping from argument to value"))
        return None
    return _repeated(Use(name, arguments), node, path, report)


def _among(blocks: list[str]) -> str:
    """Return the names of the blocks in brackets, nothing where there are none."""
    return f" ({messages.listed(blocks)})" if blocks else ""


def _repeated(use: Use, node: Mapping[str, Any], path: str, report: Report) -> Use | None:
    """Return a use with how often and with what it is repeated; None where that is wrong, which is reported."""
    wrong: list[str] = []
    each = {} if node.get("each") is None else node["each"]
    if not isinstance(each, Mapping) or not all(isinstance(values, list) and values for values in each.values()):
        wrong.append(
            messages.wrong(f"{path}.each", each, "a mapping from argument to a list, a value for each repetition")
        )
        each = {}
    repeat = node.get("repeat")
    if repeat is None and each:
        repeat = len(next(iter(each.values())))
    if repeat is not None and (shape(repeat) != "int" or repeat < 1):
        wrong.append(messages.wrong(f"{path}.repeat", repeat, "an integer of at least 1"))
    else:
        for key, values in each.items():
            if len(values) != repeat:
                takes = f"{repeat:,}, one for each repetition"
                wrong.append(f"{path}.each.{key}: got {len(values):,} values; takes {takes}")
    ends = {}
    for word in ("first", "last"):
        ends[word] = {} if node.get(word) is None else node[word]
        if not isinstance(ends[word], Mapping):
            wrong.append(messages.wrong(f"{path}.{word}", ends[word], "a mapping from argument to value"))
        elif ends[word] and repeat is None:
            wrong.append(f"{path}.{word}: got arguments of a repetition; takes repeat beside it")
    skip = node.get("skip", False)
    if not isinstance(skip, bool | str | Mapping):
        wrong.append(messages.wrong(f"{path}.skip", skip, "true, false, or a layer or block"))
    for line in wrong:
        report(line)
    if wrong:
        return None
    return Use(use.name, use.arguments, use.again, repeat, ends["first"], ends["last"], each, skip)
