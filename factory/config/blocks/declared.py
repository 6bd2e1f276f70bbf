"""PARENT: Blocks and graphs as they are declared: their form, their order and the names in them, checked once.

residual:
  filters: <int>                                   # all but nodes, inputs and outputs are parameters
  stride: 1
  inputs: [input]                                  # this one unless given
  nodes:
    conv: {Conv2D: {filters: $filters, strides: $stride, kernel_size: 3}}   # no from: the node before
    norm: BatchNormalization
    sum: {Add: {}, from: [norm, input]}
  outputs: sum                                     # the last node unless given
"""

from __future__ import annotations

import keyword
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from factory.config import topology
from factory.config.blocks.parameters import SIGN, arguments_model, named_parameters
from factory.config.schema.declarations import names as declared_names
from factory.config.schema.strict import Strict
from factory.core import messages

BODY = ("nodes", "inputs", "outputs")
"""Keys of a block that are no parameters."""

USE = ("from", "same_as", "repeat", "first", "last", "each", "skip")
"""Keys of a node beside its layer or block."""

INPUT = "input"
"""Name of a block's only input, where it declares none."""

FROM = "a name, a list of names, or a mapping from input to name"
NAME = "a Python identifier that begins with a letter"
Report = Callable[[str], None]


@dataclass(frozen=True)
class Graph:
    """The nodes of a model or of a block, in a form that is sound.

    Args:
        path: of its nodes in the config.
        nodes: name → node as declared.
        order: the names in topological order.
        sources: name → ``from``, also where it was left out; None where it stands for the only input of the data.
        outputs: output → the node, or ``node.output``, that computes it; ``""`` where there is one without a name.
    """

    path: str
    nodes: Mapping[str, Any]
    order: tuple[str, ...]
    sources: Mapping[str, topology.Names | None]
    outputs: Mapping[str, str]


@dataclass(frozen=True)
class Block:
    """A declared block.

    Args:
        path: in the config.
        parameters: name → default, or the type of a value that must be given.
        arguments: checks the arguments of a use.
        inputs: names that its nodes call its inputs by, in order.
        graph: its nodes; None where they are not sound, which was reported.
    """

    path: str
    parameters: Mapping[str, Any]
    arguments: type[Strict]
    inputs: tuple[str, ...]
    graph: Graph | None


def is_word(name: Any) -> bool:
    """Return whether a name is a Python identifier that begins with a letter, and so no name of an expanded node."""
    return isinstance(name, str) and name.isidentifier() and not keyword.iskeyword(name) and name[0] != "_"


def read_blocks(declared: Any, report: Report, path: str = "model.blocks") -> dict[str, Block]:
    """Return the blocks of a model by name, and report what is wrong with them."""
    if not isinstance(declared, Mapping):
        report(messages.wrong(path, declared, "a mapping from name to block"))
        return {}
    found = {}
    for name, block in declared.items():
        here = f"{path}.{name}"
        if not is_word(name) or name in USE or name in declared_names("layers"):
            report(messages.wrong(here, name, f"{NAME}, and no name of a layer or of {', '.join(USE)}"))
        elif not isinstance(block, Mapping):
            report(messages.wrong(here, block, "a mapping with nodes, and parameters beside them"))
        elif not isinstance(block.get("nodes"), Mapping) or not block["nodes"]:
            what = [other for other in declared if other != name]
            report(messages.missing(f"{here}.nodes", "name → layer or block") + messages.meant(name, what))
        else:
            found[str(name)] = _block(str(name), block, here, report)
    return found


def _block(name: str, block: Mapping[str, Any], path: str, report: Report) -> Block:
    """Return one block, and report what is wrong with it."""
    parameters = {str(key): value for key, value in block.items() if key not in BODY}
    inputs = block.get("inputs", [INPUT])
    if not isinstance(inputs, list) or not inputs or not all(map(is_word, inputs)) or len({*inputs}) < len(inputs):
        report(messages.wrong(f"{path}.inputs", inputs, "a list of different names"))
        inputs = [INPUT]
    _check_parameters(parameters, block["nodes"], path, report)
    graph = read_graph(block["nodes"], block.get("outputs"), f"{path}.nodes", report, inputs)
    return Block(path, parameters, arguments_model(name, parameters, path, report), tuple(inputs), graph)


def _check_parameters(parameters: Mapping[str, Any], nodes: Any, path: str, report: Report) -> None:
    """Report parameters without a proper name, those that nothing holds, and a ``$`` that is none.

    Args:
        parameters: name → default or type, as declared.
        nodes: of the block.
        path: of the block in the config.
        report: takes the line of each problem.
    """
    held = {f"{path}.{name}": dict.fromkeys(named_parameters(default)) for name, default in parameters.items()}
    held[f"{path}.nodes"] = dict.fromkeys(named_parameters(nodes))
    used = {name for names in held.values() for name in names}
    for name in parameters:
        if not is_word(name):
            report(messages.wrong(f"{path}.{name}", name, NAME))
        elif name not in used:
            report(f"{path}.{name}: never used; takes a place in the block's nodes as {SIGN}{name}")
    for place, (here, names) in enumerate(held.items()):
        among = [SIGN + name for name in [*parameters][:place]]
        for name in (name for name in names if SIGN + name not in among):
            which = "of the block" if here.endswith(".nodes") else "before it"
            takes = f"parameters {which}: {messages.listed(among)}" if among else f"no $: no parameter is {which}"
            report(messages.wrong(here, SIGN + name, takes, among))


def read_graph(
    nodes: Mapping[str, Any], outputs: Any, path: str, report: Report, inputs: Sequence[str] | None = None
) -> Graph | None:
    """Return the nodes of a model or of a block in order; None where they cannot be put into one, which is reported.

    Args:
        nodes: as declared.
        outputs: as declared; None takes the last node.
        path: of the nodes in the config.
        report: takes the line of each problem.
        inputs: of a block; None for a model, where a name that is no node is an input of the data.
    """
    problems: list[str] = []
    sources: dict[str, topology.Names | None] = {}
    before = inputs[0] if inputs is not None and len(inputs) == 1 else None
    for name, node in nodes.items():
        here = f"{path}.{name}"
        if not is_word(name) or name in (inputs or ()):
            among = f", other than {messages.listed(inputs)}" if inputs else ""
            problems.append(messages.wrong(here, name, NAME + among))
        written = node.get("from") if isinstance(node, Mapping) else None
        if not isinstance(node, str | Mapping) or not node:
            problems.append(messages.wrong(here, node, "a layer or a block"))
        elif written is None and before is None and inputs is not None:
            problems.append(messages.missing(f"{here}.from", f"one of the block's inputs, {messages.listed(inputs)}"))
        elif written is not None and not _is_from(written):
            problems.append(messages.wrong(f"{here}.from", written, FROM))
        elif isinstance(node, Mapping) and not isinstance(node.get("same_as", ""), str):
            problems.append(messages.wrong(f"{here}.same_as", node["same_as"], "the name of a node"))
        sources[name] = before if written is None else written
        before = name
    chosen = _outputs(outputs, [*nodes], path, problems.append)
    if not problems:
        problems += _unknown(nodes, sources, chosen, path, inputs)
    for problem in problems:
        report(problem)
    order = None if problems else _order(nodes, sources, path, report)
    return None if order is None else Graph(path, nodes, order, sources, chosen)


def _is_from(written: Any) -> bool:
    """Return whether a value has the form of ``from``."""
    parts = written.values() if isinstance(written, Mapping) else written if isinstance(written, list) else [written]
    return bool(parts) and all(isinstance(part, str) and part for part in parts)


def _outputs(outputs: Any, nodes: list[str], path: str, report: Report) -> dict[str, str]:
    """Return output → the name of what computes it."""
    if outputs is None:
        return {"": nodes[-1]}
    if isinstance(outputs, str):
        return {"": outputs}
    if not outputs or not _is_from(outputs) or not isinstance(outputs, list | Mapping):
        report(messages.wrong(f"{path.rpartition('.')[0]}.outputs", outputs, f"{FROM.replace('input', 'output')}"))
        return {}
    return (
        {str(name): node for name, node in outputs.items()}
        if isinstance(outputs, Mapping)
        else {name: name for name in outputs}
    )


def names_in(source: topology.Names | None) -> dict[str, str]:
    """Map each place of ``from`` to the name that it holds."""
    return {} if source is None else topology.Step("", None, None, source).sources()


def _unknown(
    nodes: Mapping[str, Any],
    sources: Mapping[str, topology.Names | None],
    outputs: Mapping[str, str],
    path: str,
    inputs: Sequence[str] | None,
) -> Iterator[str]:
    """Yield a line for each reference to something that there is not; names of the data are not known here."""
    known = [*nodes, *(inputs or ())]
    for name, node in nodes.items():
        if isinstance(node, Mapping) and "same_as" in node and node["same_as"] not in nodes:
            yield messages.wrong(f"{path}.{name}.same_as", node["same_as"], messages.listed([*nodes]), nodes)
        for place, source in names_in(sources[name]).items():
            head, dot, _ = source.partition(".")
            if head not in known and (dot or inputs is not None):
                yield messages.wrong(f"{path}.{name}.{place}", source, messages.listed(known), known)
    for output, source in outputs.items():
        if source.partition(".")[0] not in nodes:
            here = f"{path.rpartition('.')[0]}.outputs" + (f".{output}" if output else "")
            yield messages.wrong(here, source, messages.listed([*nodes]), nodes)


def _order(
    nodes: Mapping[str, Any], sources: Mapping[str, topology.Names | None], path: str, report: Report
) -> tuple[str, ...] | None:
    """Return the names of the nodes in topological order; None where there is a cycle, which is reported."""
    plain = {}
    for name, node in nodes.items():
        same_as = {"same_as": node["same_as"]} if isinstance(node, Mapping) and "same_as" in node else {}
        plain[name] = {"from": [source.partition(".")[0] for source in names_in(sources[name]).values()], **same_as}
    try:
        return tuple(step.name for step in topology.order(plain))
    except ValueError as error:
        report(f"{path}: {error}; takes a graph without a cycle")
        return None
