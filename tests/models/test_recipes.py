"""Every model of conf/model that is written with blocks, small, is trained and made in every format."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from factory.config.blocks.expand import expand
from factory.config.composition.compose import compose_config
from tests.commands import ROOT, factory

RECIPES = {
    path.stem: path
    for path in sorted((ROOT / "conf" / "model").glob("*.yaml"))
    if "blocks" in yaml.safe_load(path.read_text(encoding="utf-8"))
}
SMALL: dict[str, dict[str, Any]] = {
    "resnet20": {"layers": {f"stage{n}": {"repeat": 1} for n in (1, 2, 3)}},
    "transformer": {"layers": {"encoder": {"repeat": 2}}},
}
BACKENDS = ("torch", "jax", "tensorflow")
TARGETS = ("litert", "onnx", "openvino", "saved_model", "torch_export")
LINES = {"resnet20": 22, "transformer": 25, "unet": 25}
"""The most lines that a model of a paper may take, its comments among them."""


def draw_cells(folder: Path) -> None:
    """Forty images of noise, whose bright pixels are of class 1."""
    draw = np.random.default_rng(0)
    for number in range(40):
        pixels = draw.integers(0, 256, (16, 16), np.uint8)
        for name, drawn in (("photos", pixels), ("masks", (pixels > 127).astype(np.uint8))):
            (folder / name).mkdir(parents=True, exist_ok=True)
            Image.fromarray(drawn).save(folder / name / f"{number}.png")


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One sweep of all recipes, each on the data that its command names, on the backends by turns."""
    folder = tmp_path_factory.mktemp("recipes")
    conf = folder / "conf" / "experiment"
    conf.mkdir(parents=True)
    draw_cells(folder / "cells")
    for number, (name, path) in enumerate(RECIPES.items()):
        command = path.read_text(encoding="utf-8").splitlines()[0]
        (data,) = re.findall(r"\bdata=(\w+)", command)
        tree: dict[str, Any] = {
            "defaults": [{"override /model": name}, {"override /data": data}],
            "model": SMALL.get(name, {}),
            "train": {"backend": BACKENDS[number % 3]},
        }
        if data == "images":
            tree["data"] = {
                "path": str(folder / "cells/photos"),
                "masks": str(folder / "cells/masks"),
                "size": [16, 16],
            }
        (conf / f"{name}.yaml").write_text("# @package _global_\n" + yaml.safe_dump(tree))
    words = ["--config-dir", str(conf.parent), "-m", f"experiment={','.join(RECIPES)}", "deploy=everywhere"]
    words += ["train.epochs=1", "train.batch_size=64", "launcher.jobs=1", "launcher.publish=all"]
    done = factory(*words, f"models={folder / 'models'}", f"hydra.sweep.dir={folder / 'sweep'}", timeout=1200)
    (folder / "out.txt").write_text(done.out + done.err)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_trained_and_passes_the_gate_in_every_format(sweep: Path, name: str) -> None:
    said = (sweep / "out.txt").read_text()[-3000:]
    runs = [
        run
        for run in (sweep / "sweep").glob("[0-9]*")
        if f"experiment={name}" in (run / ".hydra" / "overrides.yaml").read_text()
    ]
    assert len(runs) == 1, said
    ended = {}
    for path in runs[0].glob("*/*/report.json"):
        report = json.loads(path.read_text())
        ended[report["target"]] = report["error"] or report["status"]
    assert ended == dict.fromkeys(TARGETS, "passed"), said


@pytest.mark.parametrize("name", LINES)
def test_a_recipe_is_as_short_as_the_table_of_its_paper(name: str) -> None:
    assert len(RECIPES[name].read_text(encoding="utf-8").splitlines()) <= LINES[name]


def test_depths_are_those_of_the_papers() -> None:
    """Convolutions and dense layers on the longest way: 20 of ResNet-20, without its two projections."""
    nodes = expand(compose_config(["model=resnet20"]).tree["model"]).model["nodes"]
    layers = [name for name, node in nodes.items() if ("Conv2D" in node or "Dense" in node) and "-skip-" not in name]
    assert len(layers) == 20
    encoder = expand(compose_config(["model=transformer"]).tree["model"]).model["nodes"]
    assert sum("MultiHeadAttention" in node for node in encoder.values()) == 12
    unet = expand(compose_config(["model=unet"]).tree["model"]).model["nodes"]
    assert sum("MaxPooling2D" in node for node in unet.values()) == 4
