"""PARENT: config differences: of a run from the options of its groups, and between runs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from factory.config.merging import merge
from factory.config.schema.nodes import with_defaults
from factory.core.read_documents import read_yaml
from factory.report.facts import Facts, target_names

REFERENCE = re.compile(r"\$\{([\w.]+)\}")
MISSING = "-"


def flat(node: Any, path: str = "") -> dict[str, Any]:
    """Return path → value of every leaf of a tree; lists and empty mappings are leaves.

    >>> flat({"a": {"b": 1, "c": [2]}, "d": {}})
    {'a.b': 1, 'a.c': [2], 'd': {}}
    """
    if not isinstance(node, Mapping) or not node:
        return {path: node}
    leaves: dict[str, Any] = {}
    for key, value in node.items():
        leaves |= flat(value, f"{path}.{key}" if path else str(key))
    return leaves


def differences_from_defaults(facts: Facts) -> list[tuple[str, Any, Any]]:
    """Return the settings in which a run's config differs from the options of its groups.

    Returns:
        Rows of path, the option's value (`MISSING` where it has none) and the run's value; the targets are one row.
    """
    merged = group_defaults(facts)
    asked, usual = target_names(facts.tree), target_names(merged)
    for name in asked:
        merge_at(merged, ["deploy", "target"], option(facts, "deploy/target", name))
    given, defaults = flat(facts.tree), flat(with_defaults(merged))
    rows = [(path, resolved(defaults.get(path, MISSING), given), value) for path, value in given.items()]
    targets = [("deploy.target", usual, asked)] if sorted(asked) != sorted(usual) else []
    return [row for row in rows if row[0] not in ("name", "deploy.target") and row[1] != row[2]] + targets


def group_defaults(facts: Facts) -> dict[str, Any]:
    """Return the YAML files of the chosen options merged into one tree, before interpolation."""
    merged = {key: value for key, value in yaml_of(facts, "config").items() if key != "defaults"}
    for group, chosen in facts.choices.items():
        if chosen and group != "experiment":
            merge_at(merged, group.split("/"), option(facts, group, chosen))
    return merged


def option(facts: Facts, group: str, chosen: str | list[str]) -> dict[str, Any]:
    """Return one option of a group, or several merged, on top of the options in its own defaults list."""
    node: dict[str, Any] = {}
    for name in [chosen] if isinstance(chosen, str) else chosen:
        written = yaml_of(facts, f"{group}/{name}")
        for default in written.pop("defaults", []):
            if isinstance(default, str) and default != "_self_":
                node = merge(node, option(facts, group, default))
            elif isinstance(default, dict):
                for sub, names in default.items():
                    merge_at(node, [sub], option(facts, f"{group}/{sub}", names or []))
        node = merge(node, written)
    return node


def yaml_of(facts: Facts, name: str) -> dict[str, Any]:
    """Read a YAML file from the first folder of the config search path that has it; empty where none has."""
    return next(filter(None, (read_yaml(folder / f"{name}.yaml") for folder in facts.sources)), {})


def merge_at(tree: dict[str, Any], path: Sequence[str], node: Mapping[str, Any]) -> None:
    """Merge a node into a tree at a path, in place."""
    for part in path[:-1]:
        tree = tree.setdefault(part, {})
    tree[path[-1]] = merge(tree.get(path[-1]) or {}, node)


def resolved(value: Any, given: Mapping[str, Any]) -> Any:
    """Return a value with references such as ``${data.classes}`` replaced by the run's values."""
    if isinstance(value, str) and (whole := REFERENCE.fullmatch(value)):
        return given.get(whole[1], value)
    if isinstance(value, list):
        return [resolved(item, given) for item in value]
    return value


def differences_between(runs: Sequence[Facts]) -> list[tuple[str, list[Any]]]:
    """Return the paths where the configs of runs differ, each with the value of every run (`MISSING` for none)."""
    trees = [flat(run.tree) for run in runs]
    groups = list(dict.fromkeys(path.partition(".")[0] for tree in trees for path in tree))
    paths = dict.fromkeys(path for tree in trees for path in tree)
    paths = dict.fromkeys(sorted(paths, key=lambda path: groups.index(path.partition(".")[0])))
    rows = [(path, [tree.get(path, MISSING) for tree in trees]) for path in paths]
    return [(path, values) for path, values in rows if any(value != values[0] for value in values)]
