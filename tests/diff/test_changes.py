"""Every edit is found, once, and what means the same is none."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factory.config.composition.compose import compose_config
from factory.diff.config_changes import find_changes
from factory.diff.impact import Class, class_of
from factory.diff.tree_changes import ABSENT, ORDERED, Change

WORDS = (
    [],
    ["model=cnn", "data=digits_image", "train=careful"],
    ["model=graph", "optimizer=adam_cosine", "deploy=everywhere"],
    ["experiment=pair_everywhere"],
    ["experiment=cancer_edge"],
)
TREES = [compose_config(words).tree for words in WORDS]
IDENTITIES = {"kind", "source", "name"}
"""Keys that say what the rest of their node is: another value there is another node."""

Path = tuple[str | int, ...]


def leaves(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every scalar that may be edited by itself."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from leaves(part, (*path, key))
    elif not isinstance(value, list) and path[-1] not in IDENTITIES and path[0] != "name":
        if path[-1] not in ("from", "same_as", "target") and path[:2] != ("model", "outputs"):
            yield path


def parent(tree: dict[str, Any], path: Path) -> dict[str, Any]:
    found: Any = tree
    for key in path[:-1]:
        found = found[key]
    return dict_of(found)


def dict_of(value: Any) -> dict[str, Any]:
    assert isinstance(value, dict)
    return value


def dotted(path: Path) -> str:
    return ".".join(map(str, path))


def reordered(value: Any, draw: random.Random, path: str = "") -> Any:
    """The same, its keys in another order where that means nothing."""
    if not isinstance(value, dict):
        return value
    keys = list(value)
    if path not in ORDERED:
        draw.shuffle(keys)
    return {key: reordered(value[key], draw, f"{path}.{key}" if path else key) for key in keys}


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_random_edits_are_found_exactly(data: st.DataObject) -> None:
    old = data.draw(st.sampled_from(TREES))
    new = copy.deepcopy(old)
    paths = list(leaves(old))
    edited = data.draw(st.lists(st.sampled_from(paths), unique=True, max_size=8))
    for place, path in enumerate(edited):
        parent(new, path)[path[-1]] = f"edited-{place}"
    groups = [path[:-1] for path in paths if path[:-1] not in ((), ("model", "layers"), ("model", "nodes"))]
    into = data.draw(st.lists(st.sampled_from(groups), unique=True, max_size=3))
    for group in into:
        parent(new, (*group, "x"))["brand_new"] = 1
    wanted = {dotted(path) for path in edited} | {dotted((*group, "brand_new")) for group in into}
    shuffled = reordered(new, random.Random(len(edited)))
    found = [change.path for change in find_changes(old, shuffled)]
    assert sorted(found) == sorted(wanted)
    assert len(found) == len(set(found))


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(TREES), st.integers())
@pytest.mark.slow
def test_reordered_and_reformatted_is_no_change(tree: dict[str, Any], seed: int) -> None:
    text = yaml.safe_dump(reordered(tree, random.Random(seed)), default_flow_style=bool(seed % 2), sort_keys=False)
    assert find_changes(tree, yaml.safe_load(f"# a comment\n{text}")) == []


SAME = {
    "an argument of a layer": ("model.layers.conv.Conv2D.use_bias=true", "model=cnn"),
    "an argument of an optimizer": ("optimizer.beta_1=0.9",),
    "an option of a plug-in": ("model.dropout=0",),
    "a key of train": ("train.precision=float32",),
    "a callback's argument": (
        "train.callbacks=[{EarlyStopping: {monitor: val_loss}}]",
        "train.callbacks=[EarlyStopping]",
    ),
    "no arguments": ("model.layers.flat={Flatten: {}}", "model=augmented"),
    "a key of a target": ("deploy.target.onnx.options.opset=18", "deploy/target=[onnx]"),
}


@pytest.mark.parametrize("what", SAME)
def test_default_that_is_written_out_is_no_change(what: str) -> None:
    written, *rest = SAME[what]
    base = ["data=digits_image"] if "layers" in written else []
    old = compose_config([*base, *rest]).tree
    new = compose_config([*base, *(rest if "callbacks" not in written else []), written]).tree
    assert find_changes(old, new) == []


def test_true_is_not_one() -> None:
    tree = copy.deepcopy(TREES[0])
    tree["train"]["epochs"] = True
    one = copy.deepcopy(TREES[0])
    one["train"]["epochs"] = 1
    assert [change.path for change in find_changes(one, tree)] == ["train.epochs"]


def test_order_of_a_stack_is_a_change() -> None:
    old = TREES[1]
    new = copy.deepcopy(old)
    layers = new["model"]["layers"]
    new["model"]["layers"] = {key: layers[key] for key in ("conv", "deeper", "pool", "mean", "head")}
    (change,) = find_changes(old, new)
    assert (change.path, change.verb) == ("model.layers", "reordered")


def test_renamed_layer_is_one_change_and_not_two() -> None:
    old = TREES[1]
    new = copy.deepcopy(old)
    new["model"]["layers"] = {{"deeper": "second"}.get(k, k): v for k, v in old["model"]["layers"].items()}
    assert find_changes(old, new) == [Change("model.layers.second", "renamed", "deeper", "second")]


def test_renamed_node_is_no_change_of_those_that_name_it() -> None:
    old = TREES[2]
    new = yaml.safe_load(yaml.safe_dump(old, sort_keys=False).replace("narrow", "slim").replace("slimed", "slim_ed"))
    (change,) = find_changes(old, new)
    assert (change.path, change.verb, change.old) == ("model.nodes.slim", "renamed", "narrow")


def test_two_thousand_lines_with_fifty_changes() -> None:
    old = copy.deepcopy(TREES[0])
    old["model"] = {
        "kind": "layers",
        "layers": {
            f"layer_{n}": {"Dense": {"units": n + 1, "activation": "relu", "use_bias": True}} for n in range(500)
        },
    }
    lines = yaml.safe_dump(old, sort_keys=False).count("\n")
    assert lines >= 2000
    new = copy.deepcopy(old)
    for n in range(0, 480, 10):
        new["model"]["layers"][f"layer_{n}"]["Dense"]["units"] += 1000
    new["seed"] = 7
    del new["deploy"]["target"]["saved_model"]
    found = find_changes(old, new)
    assert len(found) == len({change.path for change in found}) == 50
    classes = [class_of(change) for change in found]
    assert [classes.count(cls) for cls in (Class.contract, Class.retrain)] == [1, 49]


CLASSES: list[tuple[str, Any, Any, Class]] = [
    ("name", "a", "b", Class.contract),
    ("deploy.target.onnx", {}, ABSENT, Class.contract),
    ("data.scale", True, False, Class.contract),
    ("data.target", "a", "b", Class.contract),
    ("deploy.target.onnx", ABSENT, {}, Class.reexport),
    ("deploy.target.onnx.options.opset", 18, 19, Class.reexport),
    ("deploy.target.onnx.tolerance.float32.absolute", 1e-4, 1e-2, Class.gate),
    ("deploy.target.onnx.tolerance.float32.absolute", 1e-2, 1e-4, Class.reexport),
    ("deploy.target.onnx.tolerance.float32", {"absolute": 1}, ABSENT, Class.gate),
    ("deploy.rows", 256, 8, Class.gate),
    ("deploy.rows", 8, 256, Class.reexport),
    ("deploy.target.onnx.routes.torch", [], ABSENT, Class.reexport),
    ("deploy.target.onnx.serve", "a", "b", Class.operational),
    ("seed", 0, 1, Class.retrain),
    ("model.hidden", [1], [2], Class.retrain),
    ("data.split.seed", 0, 1, Class.retrain),
    ("optimizer.learning_rate", 1, 2, Class.retrain),
    ("train.loss", "auto", "Huber", Class.retrain),
    ("train.backend", "jax", "torch", Class.retrain),
    ("train.threads", 1, 2, Class.operational),
    ("models", "a", "b", Class.operational),
    ("tracker.kind", "none", "mlflow", Class.operational),
    ("nobody.thought.of.this", 1, 2, Class.retrain),
]


@pytest.mark.parametrize(("path", "old", "new", "expected"), CLASSES)
def test_class_of_a_change(path: str, old: Any, new: Any, expected: Class) -> None:
    verb = "added" if old is ABSENT else "removed" if new is ABSENT else "set"
    assert class_of(Change(path, verb, old, new)) is expected


def test_option_that_leaves_the_signature_alone_breaks_no_client() -> None:
    change = Change("data.columns", "set", None, ["a", "b"])
    same, other = {"inputs": [1]}, {"inputs": [2]}
    assert class_of(change, (same, dict(same))) is Class.retrain
    assert class_of(change, (same, other)) is Class.contract
