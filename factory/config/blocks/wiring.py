"""PARENT: Where the inputs of a use come from, in names of expanded nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from factory.config import topology
from factory.config.blocks.declared import Block, Report
from factory.core import messages

Outputs = Mapping[str, str]
"""Output of a node, ``""`` where it has no name → the expanded node that computes it."""


def expanded_source(
    source: topology.Names | None, path: str, made: Mapping[str, Outputs], report: Report
) -> topology.Names:
    """Return ``from`` in names of expanded nodes.

    Args:
        source: ``from`` as declared; None stands for the only input of the data.
        path: of the node in the config.
        made: name of a node, or of an input of the block → its outputs.
        report: takes the line of each problem.
    """
    if source is None:
        return topology.ONLY_INPUT
    if isinstance(source, str):
        return expanded_node(source, f"{path}.from", made, report)
    if isinstance(source, Mapping):
        return {key: expanded_node(name, f"{path}.from.{key}", made, report) for key, name in source.items()}
    return [expanded_node(name, f"{path}.from[{index}]", made, report) for index, name in enumerate(source)]


def expanded_node(name: str, path: str, made: Mapping[str, Outputs], report: Report) -> str:
    """Return the expanded node behind ``node`` or ``node.output``; a name that is no node is an input of the data.

    Args:
        name: as it is written.
        path: where it is written.
        made: as in `expanded_source`.
        report: takes the line of a name that does not say which output it means.
    """
    node, dot, output = name.partition(".")
    outputs = made.get(node, {"": node})
    if dot and output in outputs:
        return outputs[output]
    if dot or len(outputs) != 1:
        takes = [f"{node}.{output}" if output else node for output in outputs]
        report(messages.wrong(path, name, messages.listed(takes), takes))
    return next(iter(outputs.values()))


def inputs_of(block: Block, path: str, given: topology.Names, report: Report) -> dict[str, str] | None:
    """Return input of a block → the node behind it; None where ``from`` does not fit, which is reported.

    Args:
        block: the one that is used.
        path: of the node that uses it.
        given: ``from`` of that node, in names of expanded nodes.
        report: takes the line of the problem.
    """
    named = given if isinstance(given, Mapping) else dict(enumerate([given] if isinstance(given, str) else given))
    keys = {*block.inputs} if isinstance(given, Mapping) else {*range(len(block.inputs))}
    if named.keys() == keys:
        return dict(given) if isinstance(given, Mapping) else dict(zip(block.inputs, named.values(), strict=True))
    got = messages.listed([*map(str, named)]) if isinstance(given, Mapping) else f"{len(named)} inputs"
    report(f"{path}.from: got {got}; takes those of {block.path}: {messages.listed(block.inputs)}")
    return None


def first_name(given: topology.Names) -> str:
    """Return the first name in ``from``."""
    return given if isinstance(given, str) else next(iter(given.values() if isinstance(given, Mapping) else given))


def next_source(given: topology.Names, outputs: Outputs, inputs: Sequence[str]) -> topology.Names:
    """Return ``from`` of the next repetition.

    Outputs that are called like inputs of the block take their places. Where none are, or it is a layer, the first
    output takes the place of the first input.

    Args:
        given: ``from`` of this repetition; of a block, in the order of its inputs.
        outputs: of this repetition.
        inputs: of the block, none for a layer.
    """
    if not outputs.keys().isdisjoint(inputs):
        names = [given] if isinstance(given, str) else [*given]
        return [outputs.get(name, node) for name, node in zip(inputs, names, strict=False)]
    before, after = first_name(given), next(iter(outputs.values()))
    if isinstance(given, str):
        return after
    if isinstance(given, Mapping):
        return {key: after if name == before else name for key, name in given.items()}
    return [after if name == before else name for name in given]
