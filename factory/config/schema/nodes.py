"""PARENT: The schema of each node of the config: fixed nodes, and those that a plug-in or a Keras class completes."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from factory.config.plugins import Root, roots
from factory.config.schema import values as kinds
from factory.config.schema.declarations import arguments_of, declaration, loss, metrics, named
from factory.config.schema.declarations import names as declared_names
from factory.config.schema.plugins import fields, offered, options
from factory.config.schema.requirements import REQUIRE
from factory.config.schema.splits import SPLIT
from factory.config.schema.strict import Fields, Strict, refused, strict_model
from factory.config.schema.values import Bool, Int, Null, Str, Table, choice, dict_of, list_of, number, union
from factory.config.serving import WORDS, is_template
from factory.core.backends import BACKENDS
from factory.core.messages import unknown
from factory.core.names import FOLDER_WORDS, NAME_WORDS, is_folder, is_name

TASKS = ("classification", "regression")

count = kinds.integer(1)
natural = kinds.integer(0)
threads = kinds.whole("an integer from 1 to 4096", lambda value: 1 <= value <= 4096)
positive = number("a number above 0", lambda value: value > 0)
not_negative = number("a number of at least 0", lambda value: value >= 0)
bound = number("a finite number of at least 0", lambda value: 0 <= value < math.inf)
share = number("a number of at least 0 and below 1", lambda value: 0 <= value < 1)
names = list_of(Str)
packages = list_of(kinds.text("the name of a package", re.compile(r"[A-Za-z0-9][\w\-]*").fullmatch))  # a dot imports
label = union(Str, Int, Bool)
weights = dict_of(union(not_negative, dict_of(not_negative)))

model_name = kinds.text(NAME_WORDS, is_name)
folder = kinds.text(FOLDER_WORDS, is_folder)

serving_command = kinds.text(
    f"a command in one line, no braces but those of {', '.join(f'{{{word}}}' for word in WORDS)}", is_template
)

ROOT: Fields = {
    "name": (model_name, ..., "Name of the published model; its folder is called like it."),
    "models": (folder, "outputs/models", "Folder of published versions."),
    "seed": (natural, ..., "Of weights, order of rows and dropout."),
    **{node: (Table, ...) for node in ("model", "data", "optimizer", "train", "deploy")},
    "tracker": (Table, {}),  # configs from before there were trackers have none
    "publish": (Table, {}),  # likewise
}

DATA: Fields = {
    "source": (Str, ...),
    "split": (strict_model("split", SPLIT), ...),
    "scale_target": (
        Bool,
        True,
        "Train regression targets at mean 0 and deviation 1; the model answers in their own unit.",
    ),
    "requires": (packages, [], "Packages that reading needs, by their pip names."),
    "extra": (union(Str, Null), None, "The extra of this package that installs them."),
    "classes": (union(Int, Null), None, "Number of classes; known once the data is read unless given."),
    "features": (union(Int, Null), None, "Numbers in one row of the first input."),
    "shape": (union(list_of(Int), Null), None, "Of one row of the first input."),
    "positive": (
        union(label, dict_of(label), Null),
        None,
        "Label that precision, recall, F1 and AUC of two classes are of, or output → label; null takes the second.",
    ),
    "signature": (
        strict_model("signature", {"inputs": (names, ...), "outputs": (dict_of(choice(*TASKS)), ...)}),
        None,
        "What is known of the data before it is read: names its inputs may have, and output → task.",
    ),
}

DEPLOY: Fields = {
    "backend": (choice(*BACKENDS), ..., "Keras backend of the deploy process."),
    "rows": (count, 256, "Validation rows that every artifact is compared on."),
    "metric_rows": (count, 10000, "Validation rows that the metric is taken on before and after, at most."),
    "precision": (choice("float32", "trained"), "float32", "What artifacts compute in; trained keeps a mixed policy."),
    "encoded": (Bool, True, "A target that cannot carry the preprocessing takes encoded inputs; false refuses it."),
    "require": (
        REQUIRE,
        {"baseline": True},
        "What a model must reach to be published: metric → number; better than the baseline, or the published version.",
    ),
    "timeout": (union(positive, Null), None, "Seconds that the exports of one process may take; null sets no limit."),
    "target": (union(dict_of(Table), Null), ..., "Target → how it is made and judged."),
}

PUBLISH: Fields = {
    "contract": (
        choice("same", "change"),
        "same",
        "same refuses a signature other than the newest version's under this name; change publishes it.",
    ),
}

TRACKER: Fields = {
    "requires": (packages, [], "Packages that it needs, by the names they are imported by."),
    "extra": (union(Str, Null), None, "The extra of this package that installs them."),
    "patience": (positive, 60.0, "Seconds that a command waits at its end for a tracker that says nothing."),
}
NO_TRACKER: Fields = {"kind": (Null, None)}

BOUNDS: Fields = {"absolute": (bound, ...), "relative": (bound, ...)}
TOLERANCES = dict.fromkeys(("float32", "float16", "bfloat16"), (strict_model("tolerance", BOUNDS), None))

TARGET: Fields = {
    "routes": (
        strict_model("routes", dict.fromkeys(BACKENDS, (packages, []))),
        ...,
        "Backend → packages it needs for this.",
    ),
    "requires": (packages, [], "Packages that running the artifact needs, by their pip names."),
    "extra": (union(Str, Null), None, "The extra of this package that installs them."),
    "carries": (
        list_of(choice("number", "category", "boolean", "datetime", "text")),
        [],
        "Kinds of raw columns that its artifacts take; with any other kind they take encoded inputs.",
    ),
    "tolerance": (strict_model("tolerances", TOLERANCES), ..., "Largest difference that counts as equal, by dtype."),
    "serve": (
        union(serving_command, Null),
        None,
        "Command that serves it; {name}, {model}, {repository}, {version} stand for its folders.",
    ),
}


AUGMENT: Fields = {
    "flip": (Bool, False, "Left to right, half of the images."),
    "flip_vertical": (Bool, False, "Top to bottom, half of the images."),
    "shift": (share, 0.0, "Up to this share of height and width."),
    "rotate": (number("a number from 0 to 180", lambda value: 0 <= value <= 180), 0.0, "Up to so many degrees."),
    "brightness": (share, 0.0, "Up to this share of white, added or taken away."),
    "contrast": (share, 0.0, "Up to this share by which differences from the mean grow or shrink."),
}


def train_fields() -> Fields:
    """Return the keys of ``train``; which losses, metrics and callbacks there are depends on the project."""
    return {
        "backend": (choice(*BACKENDS), ..., "Keras backend of the training process."),
        "device": (choice("auto", "cpu", "gpu"), "auto", "auto takes a GPU where there is one."),
        "devices": (union(count, Null), None, "Devices that share each batch; null takes one."),
        "epochs": (count, ..., "Passes over the training rows."),
        "batch_size": (count, ..., "Rows of one step."),
        "precision": (choice("float32", "mixed_float16", "mixed_bfloat16"), "float32", "Keras dtype policy."),
        "threads": (union(threads, Null), None, "Processor threads; null takes all cores."),
        "timeout": (union(positive, Null), None, "Seconds that the training may take; null sets no limit."),
        "loss": (loss(), "auto", "auto follows the task; output → loss where there are several."),
        "metrics": (metrics(), "auto", "auto follows the task; output → metrics where there are several."),
        "callbacks": (list_of(declaration("callbacks")), [], "Keras callbacks in order."),
        "class_weight": (
            union(choice("balanced"), weights, Null),
            None,
            "balanced, label → weight, or output → these.",
        ),
        "augment": (strict_model("augment", AUGMENT), {}, "Random changes of training images."),
    }


def with_defaults(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return a tree in which the fixed keys of train, deploy, each target and the tracker are given.

    A group of the user's own need not repeat what it leaves as it is. What is malformed stays, for `refusals` to name.
    """
    filled = dict(tree)
    for name, known in (("train", train_fields()), ("deploy", DEPLOY), ("tracker", TRACKER)):
        if isinstance(tree.get(name), Mapping) and (name != "tracker" or tree[name].get("kind")):
            filled[name] = _filled(tree[name], known)
    targets = filled["deploy"].get("target") if isinstance(filled.get("deploy"), Mapping) else None
    if isinstance(targets, Mapping):
        known = {**TARGET, "options": (Table, {})}
        given = {name: _filled(node, known) if isinstance(node, Mapping) else node for name, node in targets.items()}
        filled["deploy"]["target"] = given
    return filled


def _filled(node: Mapping[str, Any], known: Fields) -> dict[str, Any]:
    """Return the given keys of a node in their order, then the defaults of the others."""
    return {**node, **{key: value for key, value in defaults_of(known).items() if key not in node}}


def defaults_of(known: Fields) -> dict[str, Any]:
    """Map each key that has a default to it."""
    return {key: default for key, (_, default, *_rest) in known.items() if default is not ...}


Judged = dict[tuple[str, str], tuple[str, ...]]
"""A cache: name and text of a node → its problems."""


def refusals(tree: Mapping[str, Any], judged: Judged) -> Iterator[str]:
    """Yield the problems that each node has by itself."""
    frame = {key: {} if isinstance(value, Mapping) else value for key, value in tree.items()}
    nodes = {name: tree[name] for name in _NODES if isinstance(tree.get(name), Mapping)}
    for name, node in {"": frame, **nodes}.items():
        key = (name, repr(node))
        if key not in judged:
            judged[key] = tuple(_NODES[name](node) if name else refused(_fixed("config", roots()), node))
        yield from judged[key]


def _model(node: Mapping[str, Any]) -> Iterator[str]:
    """Yield the problems of the node ``model``."""
    yield from _plugin("model", node, "kind", "models/kinds", {})


def _data(node: Mapping[str, Any]) -> Iterator[str]:
    """Yield the problems of the node ``data``."""
    yield from _plugin("data", node, "source", "data/sources", DATA)


def _tracker(node: Mapping[str, Any]) -> Iterator[str]:
    """Yield the problems of the node ``tracker``, which may name none."""
    if node.get("kind") is None:
        yield from refused(strict_model("tracker", NO_TRACKER), node, "tracker")
    else:
        yield from _plugin("tracker", node, "kind", "trackers", TRACKER)


def _plugin(path: str, node: Mapping[str, Any], key: str, folder: str, fixed: Fields) -> Iterator[str]:
    """Yield the problems of a node that names a plug-in and holds its options beside the fixed keys."""
    chosen: Fields = {**fixed, key: (choice(*offered(folder)), ...)}
    if node.get(key) in offered(folder):
        yield from refused(_completed(path, key, folder, node[key], roots()), node, path)
    else:
        yield from refused(strict_model(path, chosen), _only(node, *chosen), path)


# A model of pydantic's takes milliseconds to make, and a review validates dozens of configs. What is known depends on
# the roots of plug-ins, so these are part of the key.


@functools.cache
def _completed(path: str, key: str, folder: str, name: str, among: tuple[Root, ...]) -> type[Strict]:
    """Return the model of a node with the options of one plug-in."""
    fixed: Fields = {"data/sources": DATA, "trackers": TRACKER}.get(folder, {})
    return strict_model(path, {**fixed, key: (choice(*offered(folder)), ...), **fields(folder, name)})


@functools.cache
def _target(name: str, among: tuple[Root, ...]) -> type[Strict]:
    """Return the model of a target of one format."""
    return strict_model(name, {**TARGET, "options": (options("export/targets", name), {}, "Of the export.")})


@functools.cache
def _fixed(name: str, among: tuple[Root, ...]) -> type[Strict]:
    """Return the model of a node that no plug-in completes."""
    return strict_model(name, {"config": ROOT, "train": train_fields(), "deploy": DEPLOY, "publish": PUBLISH}[name])


def _optimizer(node: Mapping[str, Any]) -> Iterator[str]:
    """Yield the problems of the node ``optimizer``: of its name, then of that optimizer's arguments."""
    name = node.get("name")
    yield from refused(
        strict_model("optimizer", {"name": (named("optimizers"), ...)}), _only(node, "name"), "optimizer"
    )
    if name in declared_names("optimizers"):
        yield from refused(arguments_of("optimizers", name), _without(node, "name"), "optimizer")


def _train(node: Mapping[str, Any]) -> Iterator[str]:
    """Yield the problems of the node ``train``."""
    yield from refused(_fixed("train", roots()), node, "train")


def _publish(node: Mapping[str, Any]) -> Iterator[str]:
    """Yield the problems of the node ``publish``."""
    yield from refused(_fixed("publish", roots()), node, "publish")


def _deploy(node: Mapping[str, Any]) -> Iterator[str]:
    """Yield the problems of the node ``deploy`` and of each of its targets."""
    yield from refused(_fixed("deploy", roots()), node, "deploy")
    targets = node.get("target")
    for name, target in (targets if isinstance(targets, Mapping) else {}).items():
        path = f"deploy.target.{name}"
        if name not in offered("export/targets"):
            yield unknown(path, name, offered("export/targets"))
        elif isinstance(target, Mapping):
            yield from refused(_target(name, roots()), target, path)


def _only(node: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in node.items() if key in keys}


def _without(node: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in node.items() if key not in keys}


_NODES = {
    "model": _model,
    "data": _data,
    "optimizer": _optimizer,
    "train": _train,
    "deploy": _deploy,
    "tracker": _tracker,
    "publish": _publish,
}
