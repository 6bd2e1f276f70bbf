"""PARENT: what a run's config says that the options of its groups do not, and where the configs of runs differ."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from factory.config.schema.nodes import with_defaults
from factory.core.documents import read_yaml
from factory.report.facts import Facts, target_names

REFERENCE = re.compile(r"\$\{([\w.]+)\}")
MISSING = "-"


def flat(node: Any, path: str = "") -> dict[str, Any]:
    """Path → value of every leaf; lists are leaves, and so is an empty mapping.

    >>> flat({"a": {"b": 1, "c": [2]}, "d": {}})
    {'a.b': 1, 'a.c': [2], 'd': {}}
    """
    if not isinstance(node, Mapping) or not node:
        return {path: node}
    leaves: dict[str, Any] = {}
    for key, value in node.items():
        leaves |= flat(value, f"{path}.{key}" if path else str(key))
    return leaves


def from_defaults(facts: Facts) -> list[tuple[str, Any, Any]]:
    """Where the config is not what its groups' options say.

    Returns:
        Path, the option's value (`MISSING` where it has none), the run's value; the targets as one list of names.
    """
    merged = group_defaults(facts)
    asked, usual = target_names(facts.tree), target_names(merged)
    for name in asked:
        place(merged, ["deploy", "target"], option(facts, "deploy/target", name))
    given, defaults = flat(facts.tree), flat(with_defaults(merged))
    rows = [(path, resolved(defaults.get(path, MISSING), given), value) for path, value in given.items()]
    targets = [("deploy.target", usual, asked)] if sorted(asked) != sorted(usual) else []
    return [row for row in rows if row[0] not in ("name", "deploy.target") and row[1] != row[2]] + targets


def group_defaults(facts: Facts) -> dict[str, Any]:
    """The YAML files of the chosen options, each in its place, as they are written."""
    merged = {key: value for key, value in yaml_of(facts, "config").items() if key != "defaults"}
    for group, chosen in facts.choices.items():
        if chosen and group != "experiment":
            place(merged, group.split("/"), option(facts, group, chosen))
    return merged


def option(facts: Facts, group: str, chosen: str | list[str]) -> dict[str, Any]:
    """One option of a group, or several together, after the options that its own defaults list names."""
    node: dict[str, Any] = {}
    for name in [chosen] if isinstance(chosen, str) else chosen:
        written = yaml_of(facts, f"{group}/{name}")
        for default in written.pop("defaults", []):
            if isinstance(default, str) and default != "_self_":
                node = merge(node, option(facts, group, default))
            elif isinstance(default, dict):
                for sub, names in default.items():
                    place(node, [sub], option(facts, f"{group}/{sub}", names or []))
        node = merge(node, written)
    return node


def yaml_of(facts: Facts, name: str) -> dict[str, Any]:
    """One YAML file, from the first folder that has it."""
    return next(filter(None, (read_yaml(folder / f"{name}.yaml") for folder in facts.sources)), {})


def place(tree: dict[str, Any], path: Sequence[str], node: Mapping[str, Any]) -> None:
    """Merge a node into its place in a tree."""
    for part in path[:-1]:
        tree = tree.setdefault(part, {})
    tree[path[-1]] = merge(tree.get(path[-1]) or {}, node)


def merge(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Both, and where both have a value, that of ``over``."""
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = merge(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


def resolved(value: Any, given: Mapping[str, Any]) -> Any:
    """A value with ``${data.classes}`` and the like replaced by what the run has there."""
    if isinstance(value, str) and (whole := REFERENCE.fullmatch(value)):
        return given.get(whole[1], value)
    if isinstance(value, list):
        return [resolved(item, given) for item in value]
    return value


def between(runs: Sequence[Facts]) -> list[tuple[str, list[Any]]]:
    """Paths where the configs of runs differ, each with the value of every run."""
    trees = [flat(run.tree) for run in runs]
    groups = list(dict.fromkeys(path.partition(".")[0] for tree in trees for path in tree))
    paths = dict.fromkeys(path for tree in trees for path in tree)
    paths = dict.fromkeys(sorted(paths, key=lambda path: groups.index(path.partition(".")[0])))
    rows = [(path, [tree.get(path, MISSING) for tree in trees]) for path in paths]
    return [(path, values) for path, values in rows if any(value != values[0] for value in values)]
