"""SHARED: The topology of a graph model: its nodes, their inputs, their order, and the errors of their wiring.

A node is a layer and where its inputs come from, or a node that is called once more on other inputs:

    text:  {Embedding: {input_dim: 20000, output_dim: 64}, from: words}
    mixed: {Concatenate: {}, from: [text, price]}
    seen:  {MultiHeadAttention: {num_heads: 2, key_dim: 16}, from: {query: text, value: text}}
    right: {same_as: left, from: b}
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from factory.config.declaration import Declaration
from factory.core import messages

Names = str | Sequence[str] | Mapping[str, str]
"""What ``from`` holds: one name, names in order, or the layer's call arguments by keyword."""

ONLY_INPUT = "<data.input>"
"""What ``from`` holds where it stands for the only input of the data, whatever its name."""

SEPARATOR = "-"
"""Joins the parts of an expanded node's name, ``stage2-block3-conv1``; see factory/config/blocks/expansion.py."""


@dataclass(frozen=True)
class Step:
    """A node of a graph model: a layer and where its inputs come from.

    Args:
        name: its key in the YAML.
        layer: its layer, None where it calls another node's layer again.
        same_as: the node whose layer it calls again, None where it has a layer of its own.
        inputs: ``from`` as it was written.
    """

    name: str
    layer: Declaration | None
    same_as: str | None
    inputs: Names

    def sources(self) -> dict[str, str]:
        """Map each place of an input in the config (``from``, ``from[1]``, ``from.query``) to the name it holds."""
        if isinstance(self.inputs, str):
            return {"from": self.inputs}
        if isinstance(self.inputs, Mapping):
            return {f"from.{keyword}": name for keyword, name in self.inputs.items()}
        return {f"from[{index}]": name for index, name in enumerate(self.inputs)}

    def needs(self) -> dict[str, str]:
        """Map each reference to the name it holds: the sources and ``same_as``, whose layer is called again."""
        return self.sources() | ({"same_as": self.same_as} if self.same_as else {})


def steps(nodes: Mapping[str, Mapping[str, Any]]) -> dict[str, Step]:
    """Return the nodes of a graph by name in the order of the YAML; their form was checked before."""
    by_name = {}
    for name, node in nodes.items():
        declared = {key: value for key, value in node.items() if key != "from"}
        same_as = declared.pop("same_as", None)
        by_name[name] = Step(name, declared or None, same_as, node["from"])
    return by_name


def order(nodes: Mapping[str, Mapping[str, Any]]) -> list[Step]:
    """Return the nodes in topological order; names that are no node are inputs of the data.

    Raises:
        ValueError: the nodes form a cycle; ``problems`` says so in the config's words.
    """
    found = steps(nodes)
    needs = {name: {need for need in step.needs().values() if need in found} for name, step in found.items()}
    needed_by: dict[str, list[str]] = {name: [] for name in found}
    for name, sources in needs.items():
        for source in sources:
            needed_by[source].append(name)
    waiting = {name: len(sources) for name, sources in needs.items()}
    place = {name: index for index, name in enumerate(found)}
    ready: list[Step] = []
    free = [name for name, count in waiting.items() if count == 0]
    while free:
        ready += [found[name] for name in free]
        freed = []
        for name in (after for done in free for after in needed_by[done]):
            waiting[name] -= 1
            freed += [name] if waiting[name] == 0 else []
        free = sorted(freed, key=place.__getitem__)
    if len(ready) < len(found):
        raise ValueError(
            f"cycle: {' → '.join(_cycle({name: found[name] for name, count in waiting.items() if count}))}"
        )
    return ready


def _cycle(left: Mapping[str, Step]) -> list[str]:
    """Return one cycle, such as ``a → b → a``, among nodes that wait for each other."""
    way = [next(iter(left))]
    while way.count(way[-1]) < 2:
        way.append(next(need for need in left[way[-1]].needs().values() if need in left))
    return way[way.index(way[-1]) :][::-1]


def joined(*parts: str) -> str:
    """Return the name of an expanded node from its parts.

    >>> joined("", "stage2"), joined("stage2", "block3", "conv1")
    ('stage2', 'stage2-block3-conv1')
    """
    return SEPARATOR.join(filter(None, parts))


def output_nodes(outputs: Names) -> dict[str, str]:
    """Map each output to the node that computes it.

    A list names nodes that are called like the data's outputs; a name alone is of the only output, called ``""`` here.
    """
    if isinstance(outputs, str):
        return {"": outputs}
    return dict(outputs) if isinstance(outputs, Mapping) else {name: name for name in outputs}


def problems(
    nodes: Mapping[str, Mapping[str, Any]],
    outputs: Names,
    inputs: Collection[str] | None,
    path: str = "model",
) -> Iterator[str]:
    """Yield every problem of a graph's wiring, one line each.

    Args:
        nodes: the graph's nodes, each of the right form.
        outputs: as declared.
        inputs: names of the data's inputs; None where they are not known before the data is read: then any name that
            is no node counts as an input.
        path: where the graph lies in the config.
    """
    wanted = output_nodes(outputs)
    dangling = [*_unknown_sources(nodes, inputs, path), *_unknown_outputs(nodes, outputs, path)]
    yield from dangling
    if not wanted:
        yield messages.missing(f"{path}.outputs", "the names of nodes")
    try:
        order(nodes)
    except ValueError as error:
        yield f"{path}.nodes: {error}; takes a graph without a cycle"
        return
    if not dangling:  # the node that a misspelled name meant would be reported as unused as well
        used = {need for step in steps(nodes).values() for need in step.needs().values()} | set(wanted.values())
        for name in (name for name in nodes if name not in used):
            yield f"{path}.nodes.{name}: never used; takes a place in another node's from, or in outputs"


def of_several(nodes: Mapping[str, Mapping[str, Any]], inputs: Collection[str], path: str = "model") -> Iterator[str]:
    """Yield a line for each node that takes the only input of data that has several."""
    for step in steps(nodes).values() if len(inputs) > 1 else ():
        for place in (place for place, name in step.sources().items() if name == ONLY_INPUT):
            here = f"{path}.nodes.{step.name}.{place}"
            yield messages.missing(here, f"one of the data's inputs: {messages.listed([*inputs])}")


def _unknown_sources(
    nodes: Mapping[str, Mapping[str, Any]], inputs: Collection[str] | None, path: str
) -> Iterator[str]:
    """Yield a line for each reference of a node to something that does not exist."""
    declared = _declared(nodes)
    known = [*declared, *(inputs or ())]
    for step in steps(nodes).values():
        for key, name in step.needs().items():
            here = f"{path}.nodes.{step.name}.{key}"
            if key == "same_as" and name not in nodes:
                yield messages.wrong(here, name, messages.listed(declared), declared)
            elif name not in nodes and name != ONLY_INPUT and inputs is not None and name not in inputs:
                yield messages.wrong(here, name, messages.listed(known), known)


def _unknown_outputs(nodes: Mapping[str, Mapping[str, Any]], outputs: Names, path: str) -> Iterator[str]:
    """Yield a line for each output whose node does not exist."""
    for index, (output, node) in enumerate(output_nodes(outputs).items()):
        if node not in nodes:
            within = "" if isinstance(outputs, str) else f"[{index}]"
            here = f"{path}.outputs" + (f".{output}" if isinstance(outputs, Mapping) else within)
            yield messages.wrong(here, node, messages.listed(_declared(nodes)), _declared(nodes))


def _declared(nodes: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the names that the user gave the nodes: the first part of each expanded one."""
    return [*dict.fromkeys(name.partition(SEPARATOR)[0] for name in nodes)]
