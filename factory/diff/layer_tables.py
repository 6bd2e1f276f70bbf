"""PARENT: Layer tables of both sides, from one child process, and how the layers of one became those of the other."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Literal

from factory.config.catalog.catalog import any_backend
from factory.config.plugins import plugins_of
from factory.core.errors import ConfigError, FactoryError
from factory.core.files import read_json
from factory.core.rundir import RunDir
from factory.core.timing import Clock
from factory.execution.local import LocalLauncher
from factory.execution.stage_requests import failure_of, follow
from factory.pipeline.plan import Plan

Tree = Mapping[str, Any]
Description = Mapping[str, Any]
"""What the describe stage says of one model, or its ``error``, and whether something is ``missing`` here."""


@dataclass(frozen=True)
class Row:
    """A layer on both sides.

    Args:
        verb: what became of it.
        old: its row on the old side, None where it was not there.
        new: likewise.
    """

    verb: Literal["same", "changed", "renamed", "added", "removed"]
    old: Mapping[str, Any] | None
    new: Mapping[str, Any] | None

    @property
    def name(self) -> str:
        names = dict.fromkeys(side["name"] for side in (self.old, self.new) if side)
        return " → ".join(names)


class Silent:
    """Watches nothing: a description takes a moment."""

    def event(self, event: Mapping[str, Any]) -> None: ...


def describe(trees: Sequence[Tree], folder: Path) -> list[Description]:
    """Each tree's model as the describe stage builds it, all in one child process; equal ones once.

    Args:
        trees: resolved; none is trained, and no weights are loaded.
        folder: takes the answer and the log.

    Returns:
        One description a tree; each with an ``error`` is ``missing`` something where no process could answer.
    """
    try:
        return built(trees, folder)
    except FactoryError as error:
        return [{"error": str(error), "missing": True}] * len(trees)


def built(trees: Sequence[Tree], folder: Path) -> list[Description]:
    """Describe each tree's model; see `describe`.

    Raises:
        FactoryError: no backend is installed, or the process died.
    """
    keys = [json.dumps(_asked(tree), sort_keys=True) for tree in trees]
    distinct = {key: tree for key, tree in zip(keys, trees, strict=True)}
    if not distinct:
        return []
    answers = dict(zip(distinct, _answers([*distinct.values()], folder), strict=True))
    return [answers[key] for key in keys]


def _asked(tree: Tree) -> dict[str, Any]:
    return {"model": tree["model"], "data": tree["data"], "precision": tree["train"].get("precision", "float32")}


def _answers(trees: list[Tree], folder: Path) -> list[Description]:
    backend = any_backend()  # the layers are the same under each, and one imports in a third of another's time
    if backend is None:
        raise ConfigError("no model can be built: no backend is installed; pip install 'factory[jax]'")
    lookups = any("tensorflow" in Plan(tree).environment(backend).also for tree in trees)
    environment = Plan(trees[-1]).environment(backend, also=("tensorflow",) if lookups else ())
    run, log = RunDir(folder), folder / "log.txt"
    with LocalLauncher() as launcher:
        needed = {plugins_of(kind)[tree[node][key]].module for tree in trees for kind, node, key in PLUGINS}
        launcher.warm(environment, ("factory.models.describe", *sorted(needed)))
        asked = {"asked": [_asked(tree) for tree in trees]}
        job = launcher.submit(environment, "models.describe", run.path, log, asked)
        for event in follow([job], launcher, Silent(), Clock(), ConfigError):
            if event["event"] == "exit" and event["code"] != 0:
                raise failure_of(event, ConfigError, "describing")
    return list((read_json(run.path / "describe.json") or {})["models"])


PLUGINS = (("data/sources", "data", "source"), ("models/kinds", "model", "kind"))


def rows(old: Description, new: Description, declared: Mapping[str, str]) -> list[Row]:
    """The layers of both, those of the new one in their order, each gone one where it stood.

    A layer is followed by its name; where a name is gone and another of the same kind, shape and size stands in its
    place, it was renamed.

    Args:
        declared: old name → new name of layers that are known to be renamed.
    """
    before, after = old["layers"], new["layers"]
    names = {**_renames(before, after), **declared}
    keys = [[names.get(layer["name"], layer["name"]) for layer in before], [layer["name"] for layer in after]]
    found: list[Row] = []
    for what, i, i_end, j, j_end in SequenceMatcher(None, keys[0], keys[1], autojunk=False).get_opcodes():
        if what == "equal":
            found += [_row(*pair) for pair in zip(before[i:i_end], after[j:j_end], strict=True)]
        else:
            found += [Row("removed", layer, None) for layer in before[i:i_end]]
            found += [Row("added", None, layer) for layer in after[j:j_end]]
    return found


def _row(old: Mapping[str, Any], new: Mapping[str, Any]) -> Row:
    facts = [{key: value for key, value in side.items() if key != "name"} for side in (old, new)]
    if old["name"] != new["name"]:
        return Row("renamed", old, new)
    return Row("same" if facts[0] == facts[1] else "changed", old, new)


def _renames(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Old name → new name of layers that only one side has, alike in all else, in order."""
    kept = {layer["name"] for layer in before} & {layer["name"] for layer in after}
    gone, come = ([layer for layer in side if layer["name"] not in kept] for side in (before, after))
    facts = [[(layer["kind"], str(layer["shape"]), layer["parameters"]) for layer in side] for side in (gone, come)]
    blocks = SequenceMatcher(None, facts[0], facts[1], autojunk=False).get_matching_blocks()
    return {gone[i + n]["name"]: come[j + n]["name"] for i, j, size in blocks for n in range(size)}
