"""Every model YAML and every kind, under every backend: builds, adapts, saves, loads, and answers as before."""

from __future__ import annotations

import functools
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from factory.config.composition.compose import compose_config
from factory.core.backends import BACKENDS
from factory.data.load import load_dataset
from tests.commands import ROOT, child, printed_by
from tests.models.test_recipes import RECIPES

ALL = {path.stem: path for path in sorted((ROOT / "conf" / "model").glob("*.yaml"))}
YAMLS = {name: path for name, path in ALL.items() if name not in RECIPES}  # test_recipes.py runs those, small
KINDS = sorted(path.stem for path in (ROOT / "factory/models/kinds").glob("*.py") if path.stem[0] != "_")

DIGITS = {"source": "digits"}
IMAGES = {"source": "digits", "image": True}
PAIR = {
    "source": "synthetic",
    "inputs": {"words": [12], "price": [3]},
    "tokens": {"words": 50},
    "outputs": {"label": 4, "cost": 0},
    "rows": 200,
}
IRIS = {"source": "sklearn", "name": "iris"}
TABLE = {"source": "csv", "path": str(ROOT / "tests/data/tables/credit.csv"), "target": "risk", "preprocess": True}
BAGS = {
    **TABLE,
    "columns": {"notes": {"kind": "text", "bag": True}, "job": {"kind": "category", "encoding": "embedding"}},
}
BINS = {"Discretization": {"bin_boundaries": [1.0, 2.0, 5.0], "output_mode": "one_hot"}}
EFFICIENT = {"kind": "application", "dropout": 0.1}
PIXELS = {  # as a file of uint8 has them
    "source": "synthetic",
    "inputs": {"image": [8, 8, 1]},
    "tokens": {"image": 256},
    "outputs": {"label": 3},
    "rows": 60,
}
CONV = {"Conv2D": {"filters": 2, "kernel_size": 3}}
CLASSES = {"units": "<data.classes>", "activation": "softmax"}
MIXED = {
    "kind": "graph",
    "nodes": {
        "vectors": {"Embedding": {"input_dim": 50, "output_dim": 8}, "from": "words"},
        "seen": {
            "MultiHeadAttention": {"num_heads": 2, "key_dim": 4},
            "from": {"query": "vectors", "value": "vectors"},
        },
        "read": {"Bidirectional": {"layer": {"LSTM": {"units": 4}}}, "from": "seen"},
        "normal": {"Normalization": {}, "from": "price"},
        "tripled": {"Rescaling": {"scale": 3.0, "offset": 1.0}, "from": "price"},
        "after": {"Normalization": {}, "from": "tripled"},
        "side": {"Dense": {"units": 5, "kernel_regularizer": {"L2": {"l2": 0.01}}}, "from": "normal"},
        "again": {"same_as": "side", "from": "after"},
        "all": {"Concatenate": {}, "from": ["read", "side", "again"]},
        "label": {"Dense": CLASSES, "from": "all"},
        "number": {"Dense": {"units": 1}, "from": "all"},
    },
    "outputs": {"label": "label", "cost": "number"},
}


def stack(**layers: Any) -> dict[str, Any]:
    return {"kind": "layers", "layers": layers}


def mlp(**options: Any) -> dict[str, Any]:
    return {"kind": "mlp", "hidden": [16, 8], **options}


def case(source: dict[str, Any], model: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"data": source, "model": model, **more}


CASES = {
    "mlp_all_options": case(
        IMAGES, mlp(activation=["relu", "gelu"], dropout=0.1, normalization="batch", standardize=True)
    ),
    "mlp_several_inputs": case(PAIR, mlp(standardize=True, normalization="layer")),
    "mlp_tokens": case(PAIR, mlp()),
    "mlp_regression": case({"source": "sklearn", "name": "linnerud"}, mlp(standardize=True)),
    "mlp_table": case(TABLE, mlp(dropout=0.1)),
    "tabular_table": case(TABLE, {"kind": "tabular"}),
    "tabular_all_options": case(BAGS, {"kind": "tabular", "hidden": [8], "activation": "gelu", "wide": False}),
    "tabular_half": case(BAGS, {"kind": "tabular"}, precision="mixed_float16"),
    "mlp_half": case(DIGITS, mlp(), precision="mixed_float16"),
    "layers_half": case(IMAGES, stack(flat="Flatten", head={"Dense": CLASSES}), precision="mixed_bfloat16"),
    "graph_mixed": case(PAIR, MIXED),
    "pixels_made_real": case(
        PIXELS, stack(real={"Rescaling": {"scale": 0.00392}}, conv=CONV, flat="Flatten", head={"Dense": CLASSES})
    ),
    "bins_given": case(IRIS, stack(bins=BINS, flat="Flatten", head={"Dense": CLASSES})),
    "mean_given": case(IRIS, stack(normal={"Normalization": {"mean": 3.0, "variance": 4.0}}, head={"Dense": CLASSES})),
    "application_named_by_its_settings": case(IMAGES, {**EFFICIENT, "application": "EfficientNetV2B0", "size": 32}),
    "application_top": case(IMAGES, {"kind": "application", "application": "MobileNetV2", "size": 32, "top": True}),
}

REFUSED = {
    "too_large": (
        case(IMAGES, stack(conv={"Conv2D": {"filters": 4, "kernel_size": 9}})),
        r"model\.layers\.conv: Computed output size would be zero or negative\. .*",
    ),
    "wrong_head": (
        case(DIGITS, stack(head={"Dense": {"units": 3}})),
        r"model\.layers\.head: got shape \(3,\); takes \(10,\), the shape of output 'digit'",
    ),
    "several_inputs": (
        case(PAIR, {"kind": "application", "application": "VGG16"}),
        r"model\.kind: got 'application', which takes one input; the data has words, price; use graph",
    ),
    "several_outputs": (
        case(PAIR, stack(flat="Flatten")),
        r"model\.kind: got 'layers', which takes one output; the data has label, cost; use graph",
    ),
    "no_image": (
        case(DIGITS, {"kind": "application", "application": "VGG16"}),
        r"model\.kind: got 'application', which takes images \(height, width, 1 or 3\); "
        r"the data's 'pixels' has \(64,\)",
    ),
    "small_image": (
        case(IMAGES, {"kind": "application", "application": "VGG16"}),
        r"model\.application: VGG16: Input size must be at least 32x32; .*; model\.size resizes the images",
    ),
    "h5": (
        case(IMAGES, {"kind": "application", "application": "VGG16", "weights": "stranger.h5"}),
        r"model\.weights: got 'stranger\.h5'; takes null, 'imagenet' or a \.keras file",
    ),
    "whole_numbers": (
        case(PIXELS, stack(conv=CONV, flat="Flatten", head={"Dense": CLASSES})),
        r"model\.layers\.conv: got whole numbers \(int32\) from 'image'; takes real ones; "
        r"a layer before it makes them so, such as Rescaling: \{scale: 0\.00392\} for pixels up to 255",
    ),
    "weights_not_there": (
        case(IMAGES, {"kind": "application", "application": "VGG16", "size": 32, "weights": "hf://stranger/x.keras"}),
        r"model\.weights: got 'hf://stranger/x\.keras'; takes a file that exists.*",
    ),
    "activations": (
        case(DIGITS, mlp(activation=["relu"])),
        r"model\.activation: got 1; takes one, or 2 as model\.hidden has",
    ),
    "no_classes": (
        case({"source": "sklearn", "name": "diabetes"}, stack(head={"Dense": {"units": "<data.classes>"}})),
        r"model\.layers\.head\.Dense\.units: got '\$\{data\.classes\}'; takes a number: .*",
    ),
    "unknown_source": (
        case(PAIR, {**MIXED, "nodes": {**MIXED["nodes"], "normal": {"Normalization": {}, "from": "prize"}}}),  # type: ignore[dict-item]
        r"model\.nodes\.normal\.from: got 'prize'; takes .*; did you mean 'price'\?",
    ),
    "missing_output": (
        case(PAIR, {**MIXED, "outputs": {"label": "label", "costs": "number"}}),
        r"model\.outputs: got label, costs; takes the data's outputs: label, cost",
    ),
    "lambda": (
        case(DIGITS, stack(code={"Lambda": {"function": "x"}})),
        r"model\.layers\.code: got 'Lambda'; takes a name of keras' layers.*",
    ),
    "smuggled": (
        case(DIGITS, stack(head={"Dense": {"units": 3, "kernel_initializer": {"class_name": "x", "module": "os"}}})),
        r"model\.layers\.head\.Dense\.kernel_initializer: got .*; takes a declaration, .*",
    ),
}


def declared(path: Path) -> dict[str, Any]:
    """A model YAML with the data that the command in its first line names."""
    command = path.read_text(encoding="utf-8").splitlines()[0]
    tree = compose_config(re.findall(r"\b(?:model|data)=\w+", command)).tree
    return {"model": tree["model"], "data": tree["data"]}


@functools.cache
def ran(backend: str) -> subprocess.CompletedProcess[str]:
    """One process for all cases of a backend, also when it fails."""
    cases = {name: declared(path) for name, path in YAMLS.items()} | CASES
    cases |= {f"refused_{name}": value for name, (value, _) in REFUSED.items()}
    return child("tests.models.child", backend, given=json.dumps(cases))


def reports(backend: str) -> dict[str, Any]:
    return dict(printed_by(ran(backend)))


@pytest.mark.slow
@pytest.mark.parametrize("name", [*YAMLS, *CASES])
@pytest.mark.parametrize("backend", BACKENDS)
def test_builds_saves_and_loads_equal(backend: str, name: str) -> None:
    found = reports(backend)["cases"][name]
    assert "refused" not in found, found
    assert found["outputs"] == found["expected"]
    assert found["dtypes"] == ["float32"] and found["finite"]
    assert found["change"] <= 1e-6 * max(1.0, found["largest"])
    numbered = [layer for layer in found["layers"] if re.search(r"_\d+$", layer) and not layer.startswith("hidden_")]
    assert not numbered, "names are ours"


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_no_other_framework_is_loaded(backend: str) -> None:
    assert reports(backend)["loaded"] == []


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_statistics_are_the_training_rows_also_behind_other_layers(backend: str) -> None:
    found = reports(backend)["cases"]["graph_mixed"]["statistics"]
    rows = load_dataset(PAIR).train.inputs["price"]
    np.testing.assert_allclose(found["normal"]["adapt_mean"], rows.mean(0), atol=1e-6)
    np.testing.assert_allclose(found["after"]["adapt_mean"], 3 * rows.mean(0) + 1, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_column_that_never_varies_is_not_blown_up(backend: str) -> None:
    """Corners of the digits are always black; 1e-7 as their deviation would make any grey one a million."""
    (found,) = reports(backend)["cases"]["mlp_all_options"]["statistics"].values()
    pixels = load_dataset(IMAGES).train.inputs["image"].reshape(-1, 64)
    expected = np.where(pixels.std(0) == 0, 1, pixels.var(0))
    assert (pixels.std(0) == 0).any()
    np.testing.assert_allclose(found["adapt_variance"], expected, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("backend", BACKENDS)
def test_refusals_name_the_place(backend: str, name: str) -> None:
    found = reports(backend)["cases"][f"refused_{name}"]
    assert len(found["refused"]) >= 1 and re.fullmatch(REFUSED[name][1], found["refused"][0]), found


def test_every_kind_is_tried() -> None:
    declared_kinds = {declared(path)["model"]["kind"] for path in YAMLS.values()}
    assert set(KINDS) <= declared_kinds | {one["model"]["kind"] for one in CASES.values()}
