"""PARENT: The class of each config change: what has to be done about it, by its path and by what the two models are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import Any

from factory.config.schema.plugins import effects
from factory.core.scores import direction
from factory.diff.tree_changes import ABSENT, Change


class Class(IntEnum):
    """The consequence of a change, from the weakest class to the strongest."""

    none = 0
    operational = 1
    reexport = 2
    retrain = 3
    gate = 4
    contract = 5
    broken = 6

    @property
    def word(self) -> str:
        """The class as ``--fail-on`` and reports write it."""
        return "re-export" if self is Class.reexport else self.name


WORDS = {
    Class.broken: "broken: no longer composes or builds",
    Class.contract: "serving contract: clients break",
    Class.gate: "gate: what was refused may be published",
    Class.retrain: "retrain: the weights would be others",
    Class.reexport: "re-export: the same weights, other artifacts",
    Class.operational: "operational: neither weights nor artifacts differ",
    Class.none: "none",
}

TARGET = r"deploy\.target\.\w+"
GATE = rf"{TARGET}\.tolerance\b.*|deploy\.rows|deploy\.require\b.*"
"""Config paths of the gate: how much an artifact may differ, on how many rows, and what the model must reach."""

RULES: tuple[tuple[str, Class], ...] = (
    (r"signature\b.*", Class.contract),
    (r"name", Class.contract),  # clients address the model by it
    (r"models", Class.operational),
    (r"seed", Class.retrain),
    (r"data\.(requires|extra|signature|classes|features|shape)\b.*", Class.operational),  # only describes the data
    (r"data\b.*", Class.retrain),
    (r"(model|optimizer)\b.*", Class.retrain),
    (r"train\.(device|threads)", Class.operational),  # where it is computed
    (r"(train|deploy)\.timeout", Class.operational),
    (r"train\b.*", Class.retrain),
    (rf"{TARGET}\.carries\b.*", Class.contract),  # raw columns or encoded tensors
    (rf"{TARGET}\.(requires|extra|serve)\b.*", Class.operational),
    (r"deploy\.require\b.*", Class.operational),
    (r"deploy\b.*", Class.reexport),
    (r"(tracker|hydra|publish|report|sweep|search|launcher|serve)\b.*", Class.operational),
    (r".*", Class.retrain),  # an unknown path counts as a change of the weights
)
"""Pattern of a config path → class; the first that matches counts."""

PLUGINS = {"data": "data/sources", "model": "models/kinds"}
"""Nodes that name a plug-in, and its kind; each plug-in declares which options change more than the weights."""


def class_of(change: Change, signatures: tuple[Any, Any] | None = None) -> Class:
    """Return the class of one change.

    Args:
        change: as `factory.diff.config_changes.find_changes` returns it.
        signatures: old and new signature, as the describe stage reports them; None where the data was not read.
    """
    if change.means is not None:
        return strongest([Class.operational, *map(class_of, change.means)])
    if change.verb == "renamed":
        return Class.operational  # the same weights in the same place; reports name them otherwise
    if re.fullmatch(GATE, change.path) and not _tightens(change):
        return Class.gate
    if re.fullmatch(TARGET, change.path) and change.new is ABSENT:
        return Class.contract  # clients of this format get no new versions
    if change.path == "deploy.target" and not change.new and change.old:
        return Class.contract
    effect = _effect(change.path)
    if effect == "contract":
        return Class.contract
    if effect == "signature" or change.path == "data.source":
        return Class.retrain if signatures and signatures[0] == signatures[1] else Class.contract
    return next(cls for rule, cls in RULES if re.fullmatch(rule, change.path))


def _effect(path: str) -> str | None:
    """Return what a plug-in of this node declares that a change of its option means for clients, if anything."""
    node, option = [*re.split(r"[.\[]", path), ""][:2]
    declared = effects(PLUGINS[node]) if node in PLUGINS else {}
    return next((effect for effect, options in declared.items() if option in options), None)


def _tightens(change: Change) -> bool:
    """Return whether the gate now refuses all that it refused before; False where the values are not two numbers."""
    old, new = change.old, change.new
    if change.path.startswith("deploy.require."):
        return _demands_more(change)
    if not (isinstance(old, int | float) and isinstance(new, int | float)):
        return False
    return new >= old if change.path == "deploy.rows" else new <= old


def _demands_more(change: Change) -> bool:
    """Return whether a change of one requirement demands at least as much of a model as before."""
    name, old, new = change.path.split(".")[2], change.old, change.new
    if new in (ABSENT, False):
        return name != "baseline" and old in (ABSENT, False)
    if old in (ABSENT, False) or new is True:
        return True
    if not (isinstance(old, int | float) and isinstance(new, int | float)):
        return False
    return new >= old if direction(name) == "max" else new <= old


def strongest(classes: Iterable[Class]) -> Class:
    """Return the strongest of some classes, ``none`` where there are none."""
    return max(classes, default=Class.none)


def needs_shapes(change: Change) -> bool:
    """Return whether only the built models can tell what this change amounts to."""
    return change.path.split(".")[0] in ("model", "data") and class_of(change) > Class.operational


def signature_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """Return the changes of the signature that clients see: each input and output by name, and their order.

    Args:
        old: ``{"inputs": [{name, dtype, shape}], "outputs": [{name, dtype, shape, labels}]}``.
        new: in the same form.
    """
    found = []
    for end in ("inputs", "outputs"):
        before, after = ({tensor["name"]: tensor for tensor in side[end]} for side in (old, new))
        for name in dict.fromkeys((*before, *after)):
            here = f"signature.{end}.{name}"
            if name not in after:
                found.append(Change(here, "removed", tensor_words(before[name]), ABSENT))
            elif name not in before:
                found.append(Change(here, "added", ABSENT, tensor_words(after[name])))
            else:
                for key in ("dtype", "shape", "labels"):
                    if before[name].get(key) != after[name].get(key):
                        found.append(Change(f"{here}.{key}", "set", before[name].get(key), after[name].get(key)))
        if before.keys() == after.keys() and [*before] != [*after]:
            found.append(Change(f"signature.{end}", "reordered", [*before], [*after]))
    return found


def tensor_words(tensor: Mapping[str, Any]) -> str:
    """Return the dtype and shape of a tensor as text."""
    return f"{tensor['dtype']} {tuple(tensor['shape'])}"
