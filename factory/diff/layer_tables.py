"""PARENT: Layer tables of both sides, described by one child process, and the comparison of their rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Literal

from factory.config.blocks.expand import at_declarations, with_flat_model
from factory.config.catalog.catalog import any_backend
from factory.config.plugins import plugins_of
from factory.core.errors import ConfigError, FactoryError
from factory.core.files import read_json
from factory.core.rundir import RunDir
from factory.core.timing import Clock
from factory.execution.local import LocalLauncher
from factory.execution.stage import Stage
from factory.execution.stage_requests import failure_of, follow
from factory.pipeline.plan import Plan

Tree = Mapping[str, Any]
Description = Mapping[str, Any]
"""The describe stage's report on one model; or an ``error``, and whether the cause is something ``missing`` here."""


@dataclass(frozen=True)
class Row:
    """One layer on both sides of a comparison.

    Args:
        verb: what happened to the layer.
        old: its row in the old layer table, None where it was not there.
        new: its row in the new layer table, None where it is no longer there.
    """

    verb: Literal["same", "changed", "renamed", "added", "removed"]
    old: Mapping[str, Any] | None
    new: Mapping[str, Any] | None

    @property
    def name(self) -> str:
        """The layer's name, ``old → new`` where it was renamed."""
        names = dict.fromkeys(side["name"] for side in (self.old, self.new) if side)
        return " → ".join(names)


class Silent:
    """A watcher that shows nothing, since describing models takes a moment only."""

    def event(self, event: Mapping[str, Any]) -> None: ...


def describe_models_or_errors(trees: Sequence[Tree], folder: Path) -> list[Description]:
    """Describe each tree's model, without an error where no process can do it.

    All are built in one child process, equal ones once.

    Args:
        trees: resolved configs; none is trained, and no weights are loaded.
        folder: takes the report and the log of the child process.

    Returns:
        One description for each tree; where no process could describe them, each has an ``error`` and is ``missing``.
    """
    try:
        return describe_models(trees, folder)
    except FactoryError as error:
        return [{"error": str(error), "missing": True}] * len(trees)


def describe_models(trees: Sequence[Tree], folder: Path) -> list[Description]:
    """Describe each tree's model and raise where no process can do it; see `describe_models_or_errors`.

    Raises:
        FactoryError: no backend is installed, or the process died.
    """
    refused: dict[int, Description] = {}
    keys: dict[int, str] = {}
    distinct: dict[str, Tree] = {}
    for number, tree in enumerate(trees):
        try:
            flat = with_flat_model(tree)
        except ConfigError as error:
            refused[number] = {"error": str(error), "missing": False}
        else:
            keys[number] = json.dumps(_asked(flat), sort_keys=True)
            distinct[keys[number]] = flat
    answers = dict(zip(distinct, _answers([*distinct.values()], folder), strict=True)) if distinct else {}
    return [refused.get(number) or _located(answers[keys[number]], tree) for number, tree in enumerate(trees)]


def _located(found: Description, tree: Tree) -> Description:
    """Return a description whose error, if any, names the lines that declare what is wrong."""
    if "error" not in found:
        return found
    return {**found, "error": str(at_declarations(ConfigError(found["error"].split("\n")), tree["model"]))}


def _asked(tree: Tree) -> dict[str, Any]:
    """Return the part of a config that the layers depend on."""
    return {"model": tree["model"], "data": tree["data"], "precision": tree["train"].get("precision", "float32")}


def _answers(trees: list[Tree], folder: Path) -> list[Description]:
    """Describe the models of distinct configs, each without blocks, in one child process."""
    backend = any_backend()  # any of them: the layers are the same; the fastest to import first
    if backend is None:
        raise ConfigError("no model can be built: no backend is installed; pip install 'factory[jax]'")
    lookups = any("tensorflow" in Plan(tree).environment(backend).also for tree in trees)
    environment = Plan(trees[-1]).environment(backend, also=("tensorflow",) if lookups else ())
    run, log = RunDir(folder), folder / "log.txt"
    with LocalLauncher() as launcher:
        needed = {plugins_of(kind)[tree[node][key]].module for tree in trees for kind, node, key in PLUGINS}
        launcher.warm(environment, ("factory.models.describe", *sorted(needed)))
        asked = {"asked": [_asked(tree) for tree in trees]}
        job = launcher.submit(Stage(environment, "models.describe", run.path, log, asked))
        for event in follow([job], launcher, Silent(), Clock(), ConfigError):
            if event["event"] == "exit" and event["code"] != 0:
                raise failure_of(event, ConfigError, "describing")
    return list((read_json(run.path / "describe.json") or {})["models"])


PLUGINS = (("data/sources", "data", "source"), ("models/kinds", "model", "kind"))


def compare_layers(old: Description, new: Description, declared: Mapping[str, str]) -> list[Row]:
    """Compare two layer tables row by row, in the new order, with each removed layer where it stood.

    Layers are matched by name. A name that is gone, with another layer of the same kind, shape and size in its
    place, counts as renamed.

    Args:
        old: description of the old model.
        new: description of the new model.
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
    """Return the row of a layer that both sides have."""
    facts = [{key: value for key, value in side.items() if key != "name"} for side in (old, new)]
    if old["name"] != new["name"]:
        return Row("renamed", old, new)
    return Row("same" if facts[0] == facts[1] else "changed", old, new)


def _renames(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return old name → new name of layers that only one side has and that are equal in all but their name."""
    kept = {layer["name"] for layer in before} & {layer["name"] for layer in after}
    gone, come = ([layer for layer in side if layer["name"] not in kept] for side in (before, after))
    facts = [[(layer["kind"], str(layer["shape"]), layer["parameters"]) for layer in side] for side in (gone, come)]
    blocks = SequenceMatcher(None, facts[0], facts[1], autojunk=False).get_matching_blocks()
    return {gone[i + n]["name"]: come[j + n]["name"] for i, j, size in blocks for n in range(size)}
