"""PARENT: The review of two sides: what changed in each composition, what it means, and what no longer composes.

A *composition* is the primary config as it is, with one option of one group in its place, or with one experiment. A
*finding* is one change with all the compositions it occurs in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from factory.config.schema.nodes import Judged
from factory.diff import layer_tables
from factory.diff.compositions import Composed, compositions, text_changes
from factory.diff.config_changes import find_changes
from factory.diff.impact import Class, class_of, needs_shapes, signature_changes, strongest
from factory.diff.layer_tables import Row
from factory.diff.sides import Side
from factory.diff.tree_changes import Change


@dataclass(frozen=True)
class Finding:
    """One change, its class, and the compositions it occurs in.

    Args:
        change: the change itself.
        cls: what has to be done about it.
        compositions: labels, ``default`` first.
    """

    change: Change
    cls: Class
    compositions: tuple[str, ...]


@dataclass(frozen=True)
class Layers:
    """The layer table of one architecture before and after.

    Args:
        compositions: labels of the compositions with this architecture.
        rows: the layers, in the new order.
        totals: ``parameters``, ``trainable`` and ``flops``, each old and new.
        note: why there are no rows, None where there are some.
    """

    compositions: tuple[str, ...]
    rows: tuple[Row, ...] = ()
    totals: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    note: str | None = None


@dataclass(frozen=True)
class Review:
    """The differences between two sides and their consequences.

    Args:
        names: names of both sides.
        findings: every change, the strongest class first.
        layers: layer tables, one for each architecture that changed.
        statuses: label → ``added``, ``removed``, ``broken``, ``mended``, ``does not build``, ``no longer builds`` or
            ``renamed from …``; compositions that both sides have are not in it.
        problems: label → why it no longer composes or builds.
        compared: number of compositions on both sides together.
        unmeaning: files that differ in text and mean the same.
    """

    names: tuple[str, str]
    findings: tuple[Finding, ...] = ()
    layers: tuple[Layers, ...] = ()
    statuses: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    compared: int = 1
    unmeaning: tuple[str, ...] = ()

    @property
    def cls(self) -> Class:
        """The strongest class of all changes."""
        broken = [Class.broken] if self.problems else []
        return strongest([*broken, *(finding.cls for finding in self.findings)])

    @property
    def affected(self) -> tuple[str, ...]:
        """Labels of the compositions that a change or a status concerns."""
        found = [label for finding in self.findings for label in finding.compositions]
        return tuple(dict.fromkeys((*found, *self.statuses)))


@dataclass
class Pair:
    """One composition on both sides, while its changes are being classified."""

    label: str
    old: Mapping[str, Any]
    new: Mapping[str, Any]
    changes: list[Change]
    classes: list[Class] = field(default_factory=list)


def review(a: Side, b: Side, temporary: Path) -> Review:
    """Compare two sides: all their compositions, the layers of those that changed, and the text of their files.

    Args:
        a: the old side.
        b: the new side.
        temporary: folder for the child process, where one is needed.

    Raises:
        ConfigError: a side that names one composition does not compose.
    """
    judged: Judged = {}
    old, new = compositions(a, judged), compositions(b, judged)
    statuses, problems = dict[str, str](), dict[str, tuple[str, ...]]()
    pairs: list[Pair] = []
    twins = _renamed(old, new)
    for label in dict.fromkeys((*new, *old)):
        before, after = old.get(twins.get(label, label)), new.get(label)
        if label in twins:
            statuses[label] = f"renamed from {twins[label]}"
        if before is None:
            statuses[label] = "added"
            if after and after.problems:
                statuses[label], problems[label] = "broken", after.problems
        elif after is None:
            if label not in twins.values():
                statuses[label] = "removed"
        elif before.tree is None or json.dumps(before.tree) != json.dumps(after.tree):  # order may matter
            if worse := _fresh(before, after):
                statuses[label], problems[label] = "broken", worse
            elif before.tree is None and after.tree is not None:
                statuses[label] = "mended"
            if before.tree is not None and after.tree is not None:
                pairs.append(Pair(label, before.tree, after.tree, find_changes(before.tree, after.tree)))
    pairs = [pair for pair in pairs if pair.changes]
    fresh = {label: it.tree for label, it in new.items() if statuses.get(label) in ("added", "mended") and it.tree}
    layers, unbuildable = _judge(pairs, fresh, temporary)
    for label, why in unbuildable.items():
        if label not in problems:
            statuses[label], problems[label] = "does not build" if label in fresh else "no longer builds", (why,)
    unmeaning = text_changes(a, b, meaningless=not pairs and not statuses)
    names = (a.name, b.name)
    return Review(names, _findings(pairs), layers, statuses, problems, len(old.keys() | new.keys()), unmeaning)


def _fresh(before: Composed, after: Composed) -> tuple[str, ...]:
    """Return the problems that were not there before."""
    if not after.problems:
        return ()
    return tuple(problem for problem in after.problems if problem not in before.problems)


def _renamed(old: Mapping[str, Composed], new: Mapping[str, Composed]) -> dict[str, str]:
    """Return new label → old label of options whose file was renamed: equal trees but for their name."""
    found: dict[str, str] = {}
    gone = [label for label in old if label not in new]
    for label in (label for label in new if label not in old):
        for candidate in gone:
            before, after = old[candidate].tree, new[label].tree
            if label.partition("=")[0] != candidate.partition("=")[0] or before is None or after is None:
                continue
            if all(change.path == "name" for change in find_changes(before, after)):
                found[label] = candidate
                gone.remove(candidate)
                break
    return found


def _judge(
    pairs: list[Pair], fresh: Mapping[str, Mapping[str, Any]], temporary: Path
) -> tuple[tuple[Layers, ...], dict[str, str]]:
    """Give every change its class; build the models of both sides where shapes are needed for that.

    Args:
        pairs: compositions that changed; their ``changes`` and ``classes`` are filled in.
        fresh: label → tree of compositions that only the new side has.
        temporary: folder for the child process that builds the models.

    Returns:
        The layer table of each architecture that changed, and label → why its model can no longer be built.
    """
    alike: dict[str, list[Pair]] = {}
    for pair in pairs:
        pair.classes = [class_of(change) for change in pair.changes]
        if any(needs_shapes(change) for change in pair.changes):
            alike.setdefault(_architecture(pair), []).append(pair)
    shaped = [pair for group in alike.values() for pair in group]
    trees = [tree for pair in shaped for tree in (pair.old, pair.new)]
    described = layer_tables.describe_models_or_errors([*trees, *fresh.values()], temporary)
    built = {pair.label: (described[2 * index], described[2 * index + 1]) for index, pair in enumerate(shaped)}
    built |= {label: ({}, found) for label, found in zip(fresh, described[len(trees) :], strict=True)}
    unbuildable = {label: new["error"] for label, (old, new) in built.items() if _is_fresh_fault(old, new)}
    for pair in shaped:
        _refine(pair, *built[pair.label])
    found = [_layers(group, *built[group[0].label]) for group in alike.values() if group[0].label not in unbuildable]
    return tuple(layers for layers in found if layers is not None), unbuildable


def _is_fresh_fault(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Return whether a model cannot be built for a reason that was not there before."""
    return "error" in new and not new["missing"] and new["error"] != old.get("error")


def _architecture(pair: Pair) -> str:
    """Return a key of what decides how the layers differ.

    Where the data is the same on both sides it is not part of the key: models that change alike on other data are shown
    once, by the first of them, which is the default where that is among them.

    Where the data is the same on both sides it cannot: models that change alike on other data are shown once, by the
    first of them, which is the default where that is among them.
    """
    sides = [[tree["model"], tree["train"].get("precision")] for tree in (pair.old, pair.new)]
    data = [pair.old["data"], pair.new["data"]]
    touched = any(change.path.startswith("data") and needs_shapes(change) for change in pair.changes)
    return json.dumps([sides, data if touched else None])


def _refine(pair: Pair, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Classify the changes of a composition again, now that both models and their data are known."""
    if "signature" not in old or "signature" not in new:
        return
    signatures, fingerprints = (old["signature"], new["signature"]), (old["fingerprint"], new["fingerprint"])
    if any(change.path.startswith("data") for change in pair.changes):
        pair.changes += signature_changes(*signatures)
    pair.classes = [_class(change, signatures, fingerprints) for change in pair.changes]


def _class(change: Change, signatures: tuple[Any, Any], fingerprints: tuple[Any, Any]) -> Class:
    """Return the class of one change, given both signatures and both fingerprints of the data."""
    if change.path == "data.path" and fingerprints[0] == fingerprints[1]:
        return Class.operational  # the same rows, elsewhere
    return class_of(change, signatures)


def _layers(group: list[Pair], old: Mapping[str, Any], new: Mapping[str, Any]) -> Layers | None:
    """Return the layer table of one architecture; None where nothing about the layers differs."""
    labels = tuple(pair.label for pair in group)
    errors = dict.fromkeys(str(side["error"]) for side in (old, new) if "error" in side)
    if errors:
        return Layers(labels, note="layers are not compared: " + "; ".join(errors))
    renames = {change.old: change.path.rpartition(".")[2] for change in group[0].changes if change.verb == "renamed"}
    found = tuple(layer_tables.compare_layers(old, new, renames))
    if all(row.verb == "same" for row in found):
        touched = any(change.path.startswith("model") for pair in group for change in pair.changes)
        return Layers(labels, note="the same layers, shapes and counts") if touched else None
    totals = {key: (old[key], new[key]) for key in ("parameters", "trainable", "flops")}
    return Layers(labels, found, totals)


def _findings(pairs: list[Pair]) -> tuple[Finding, ...]:
    """Return equal changes of many compositions as one finding each, the strongest first."""
    found: dict[str, Finding] = {}
    for pair in pairs:
        for change, cls in zip(pair.changes, pair.classes, strict=True):
            key = repr((change, cls))
            known = found.get(key, Finding(change, cls, ()))
            found[key] = replace(known, compositions=(*known.compositions, pair.label))
    return tuple(sorted(found.values(), key=lambda finding: -finding.cls))
