"""PARENT: Every change between two resolved configs, once, by what each config node means.

What is written differently and means the same is no change: a value that equals its default and one that is not
written; ``Flatten`` and ``{Flatten: {}}``. The order of keys has a meaning only in `factory.diff.tree_changes.ORDERED`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any

from factory.config.blocks.declared import USE
from factory.config.blocks.expand import expand
from factory.config.catalog import catalog
from factory.config.declaration import namespace, parse_declaration
from factory.config.schema import nodes
from factory.config.schema.declarations import arguments_of, by_output
from factory.config.schema.declarations import names as declared_names
from factory.config.schema.graph_node import WIRING
from factory.config.schema.nodes import defaults_of
from factory.config.schema.plugins import fields, offered, options_of_type
from factory.config.schema.splits import SPLIT
from factory.config.schema.strict import Fields
from factory.core.errors import ConfigError
from factory.diff.block_changes import explained
from factory.diff.renames import find_renames
from factory.diff.tree_changes import (
    ORDERED,
    Change,
    Walk,
    compare_lists,
    compare_mappings,
    compare_values,
    compare_wholes,
)

KINDS = "models/kinds"


def find_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """Return every change from one resolved config tree to another."""
    each: dict[str, Walk] = {
        "model": _model,
        "data": functools.partial(_plugin, "data/sources", "source", nodes.DATA, {"split": _split}),
        "optimizer": _optimizer,
        "train": _train,
        "deploy": _deploy,
    }
    return list(compare_mappings("", old, new, defaults_of(nodes.ROOT), each))


# ---- comparisons, one for each kind of config node


def _flat_model(path: str, old: Any, new: Any) -> Iterator[Change]:
    """Compare models: layers by name and nodes by name and wiring, where their kinds have such options."""
    both = isinstance(old, Mapping) and isinstance(new, Mapping)
    kinds = [part["kind"] for part in (old, new) if part.get("kind") in offered(KINDS)] if both else []
    walks: dict[str, Walk] = {"dict[str, Layer]": _layers, "dict[str, Node]": _nodes}
    each = {
        option: walk
        for kind in kinds
        for type_, walk in walks.items()
        for option in options_of_type(KINDS, kind, type_)
    }
    if "nodes" in each and isinstance(old.get("nodes"), Mapping) and isinstance(new.get("nodes"), Mapping):
        old, names = _with_renamed_nodes(old, new)
        for before, after in names.items():
            yield Change(f"{path}.nodes.{after}", "renamed", before, after)
    yield from _plugin(KINDS, "kind", {}, each, path, old, new)


def _plugin(
    folder: str, key: str, fixed: Fields, each: Mapping[str, Walk], path: str, old: Any, new: Any
) -> Iterator[Change]:
    """Compare nodes that name a plug-in, whose signature gives the defaults of its options.

    Where the two sides name different plug-ins, their options are compared as they are written.
    """
    if not (isinstance(old, Mapping) and isinstance(new, Mapping)):
        yield from compare_wholes(path, old, new)
        return
    known = dict(fixed)
    if old.get(key) == new.get(key) and old.get(key) in offered(folder):
        known |= fields(folder, str(old.get(key)))
    yield from compare_mappings(path, old, new, defaults_of(known), each)


def _model(path: str, old: Any, new: Any) -> Iterator[Change]:
    """Compare models; one with blocks as it is written, each change with what it means for the expanded graph."""
    written = functools.partial(_flat_model, path)
    try:
        sides = expand(old), expand(new)
    except ConfigError:
        yield from written(old, new)
        return
    flat = list(written(*(side.model for side in sides)))
    if all(side.origins for side in sides) and old["kind"] == new["kind"]:
        each: dict[str, Walk] = {"blocks": _blocks, "nodes": _uses, "layers": _uses}
        declared = [*compare_mappings(path, old, new, {"blocks": {}}, each)]
        if declared or not flat:
            yield from explained(declared, flat, [side.origins for side in sides])
            return
    yield from flat


def _blocks(path: str, old: Any, new: Any) -> Iterator[Change]:
    """Compare the blocks of two models: their parameters and their nodes."""

    def block(path: str, old: Any, new: Any) -> Iterator[Change]:
        yield from compare_mappings(path, old, new, each={"nodes": _uses})

    yield from compare_mappings(path, old, new, otherwise=block)


def _uses(path: str, old: Any, new: Any) -> Iterator[Change]:
    """Compare nodes that may use blocks; their order counts where they leave out their inputs."""
    yield from compare_mappings(path, old, new, otherwise=_use)
    both = [[name for name in side if name in old and name in new] for side in (old, new)]
    if both[0] != both[1] and path not in ORDERED:
        yield Change(path, "reordered", both[0], both[1])


def _use(path: str, old: Any, new: Any) -> Iterator[Change]:
    """Compare two nodes, each a layer or block and what is beside it."""
    sides = [{node: {}} if isinstance(node, str) else dict(node) for node in (old, new)]
    beside = [{key: side.pop(key) for key in USE if key in side} for side in sides]
    if len(sides[0]) == len(sides[1]) == 1:
        yield from _declaration("layers", path, *sides)
        sides = [{}, {}]
    yield from compare_mappings(path, sides[0] | beside[0], sides[1] | beside[1], {"skip": False})


def _with_renamed_nodes(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the old graph under its new node names, and old name → new name.

    A rename then is no change of each node that refers to the renamed one.
    """
    names = find_renames(old["nodes"], new["nodes"], without=WIRING)

    def called(value: Any) -> Any:
        if isinstance(value, list):
            return [names.get(part, part) for part in value]
        if isinstance(value, Mapping):
            return {key: names.get(part, part) for key, part in value.items()}
        return names.get(value, value)

    graph = {
        names.get(name, name): {k: called(v) if k in WIRING else v for k, v in node.items()}
        if isinstance(node, Mapping)
        else node
        for name, node in old["nodes"].items()
    }
    return {**old, "nodes": graph, "outputs": called(old.get("outputs"))}, names


def _split(path: str, old: Any, new: Any) -> Iterator[Change]:
    """Compare ``data.split``."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from compare_mappings(path, old, new, defaults_of(SPLIT))
    else:
        yield from compare_wholes(path, old, new)


def _layers(path: str, old: Any, new: Any) -> Iterator[Change]:
    """Compare the layers of a sequential model, following renamed ones."""
    if not (isinstance(old, Mapping) and isinstance(new, Mapping)):
        yield from compare_wholes(path, old, new)
        return
    names = find_renames(old, new)
    for before, after in names.items():
        yield Change(f"{path}.{after}", "renamed", before, after)
    under_new_names = {names.get(str(name), str(name)): part for name, part in old.items()}
    yield from compare_mappings(path, under_new_names, new, otherwise=functools.partial(_declaration, "layers"))


def _nodes(path: str, old: Any, new: Any) -> Iterator[Change]:
    """Compare the nodes of a graph."""
    yield from (
        compare_mappings(path, old, new, otherwise=_node)
        if isinstance(old, Mapping)
        else compare_wholes(path, old, new)
    )


def _node(path: str, old: Any, new: Any) -> Iterator[Change]:
    """Compare two graph nodes: their layers as declarations, their wiring as values."""
    sides = []
    for node in (old, new):
        if not isinstance(node, Mapping):
            yield from compare_values(path, old, new)
            return
        sides.append({key: value for key, value in node.items() if key not in WIRING})
    before, after = sides
    if len(before) == len(after) == 1:
        yield from _declaration("layers", path, before, after)
        before, after = {}, {}
    wiring = [{key: node[key] for key in WIRING if key in node} for node in (old, new)]
    yield from compare_mappings(path, {**before, **wiring[0]}, {**after, **wiring[1]})


def _declaration(space: str, path: str, old: Any, new: Any) -> Iterator[Change]:
    """Compare two declarations, each a name with arguments; another name is one change with all its arguments."""
    if not (_declares(old) and _declares(new)):
        yield from compare_values(path, old, new)
        return
    (before, given), (after, wanted) = parse_declaration(old), parse_declaration(new)
    if before != after:
        yield Change(path, "set", old, new)
    else:
        yield from _arguments(space, before, f"{path}.{before}", given, wanted)


def _declares(value: Any) -> bool:
    """Return whether a value is a declaration: a name, or a name with arguments."""
    return isinstance(value, str) or (
        isinstance(value, Mapping)
        and len(value) == 1
        and all(part is None or isinstance(part, Mapping) for part in value.values())
    )


def _arguments(space: str, name: str, path: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """Compare the arguments of one Keras object, argument by argument."""
    each: dict[str, Walk] = {}
    for key in (*old, *new):
        inner = namespace(key)
        if inner:
            each[key] = functools.partial(_declared_argument, inner)
    yield from compare_mappings(path, old, new, _defaults(space, name), each)


def _declared_argument(space: str, path: str, old: Any, new: Any) -> Iterator[Change]:
    """Compare an argument that is itself a declaration or a list of them."""
    if isinstance(old, list) and isinstance(new, list):
        yield from compare_lists(path, old, new, functools.partial(_declaration, space))
    elif isinstance(old, str | Mapping) and isinstance(new, str | Mapping):
        yield from _declaration(space, path, old, new)
    else:
        yield from compare_wholes(path, old, new)


@functools.cache
def _defaults(space: str, name: str) -> dict[str, Any]:
    """Return the defaults of a Keras object's or own layer's arguments, by name."""
    if name not in declared_names(space) or (space != "layers" and catalog.load_catalog().entry(space, name) is None):
        return {}
    arguments = arguments_of(space, name)
    return {str(f.alias): f.default for f in arguments.model_fields.values() if not f.is_required()}


def _optimizer(path: str, old: Any, new: Any) -> Iterator[Change]:
    """Compare optimizers."""
    same_name = old.get("name") == new.get("name")
    if same_name and isinstance(old.get("name"), str):
        yield from _arguments("optimizers", old["name"], path, old, new)
    else:
        each: dict[str, Walk] = {"learning_rate": functools.partial(_declared_argument, "schedules")}
        yield from compare_mappings(path, old, new, each=each)


def _train(path: str, old: Any, new: Any) -> Iterator[Change]:
    """Compare ``train``."""
    each: dict[str, Walk] = {
        "loss": functools.partial(_objective, "losses"),
        "metrics": functools.partial(_objective, "metrics"),
        "callbacks": functools.partial(_declared_argument, "callbacks"),
    }
    yield from compare_mappings(path, old, new, defaults_of(nodes.train_fields()), each)


def _objective(space: str, path: str, old: Any, new: Any) -> Iterator[Change]:
    """Compare a loss or list of metrics, given for all outputs or by output."""
    if isinstance(old, Mapping) and isinstance(new, Mapping) and by_output(old) and by_output(new):
        yield from compare_mappings(path, old, new, otherwise=functools.partial(_declared_argument, space))
    else:
        yield from _declared_argument(space, path, old, new)


def _deploy(path: str, old: Any, new: Any) -> Iterator[Change]:
    """Compare ``deploy``."""
    yield from compare_mappings(path, old, new, defaults_of(nodes.DEPLOY), {"target": _targets})


def _targets(path: str, old: Any, new: Any) -> Iterator[Change]:
    """Compare the deployment targets by name."""
    old, new = old or {}, new or {}  # deploy=none writes null
    each: dict[str, Walk] = {name: functools.partial(_target, name) for name in old}
    yield from compare_mappings(path, old, new, each=each)


def _target(name: str, path: str, old: Any, new: Any) -> Iterator[Change]:
    """Compare the settings of one deployment target."""
    known = defaults_of(fields("export/targets", name)) if name in offered("export/targets") else {}

    def options(here: str, before: Any, after: Any) -> Iterator[Change]:
        yield from compare_mappings(here, before or {}, after or {}, known)

    yield from compare_mappings(path, old, new, {**defaults_of(nodes.TARGET), "options": {}}, {"options": options})
