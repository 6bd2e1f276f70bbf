"""Whole runs on image files: trained, exported and published from memory and from disk, with classes and with masks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.commands import factory

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty images of two colours, JPEG, PNG and WebP, in a folder for each, and beside them masks of the left half."""
    folder = tmp_path_factory.mktemp("images")
    random = np.random.default_rng(0)
    for number in range(40):
        width, height = random.integers(80, 140, 2).tolist()
        pixels = random.integers(0, 90, (height, width, 3), np.uint8)
        pixels[:, : width // 2, number % 2] += 150
        name = f"{('red', 'green')[number % 2]}/{number}"
        for place in ("photos", "masks"):
            (folder / place / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / "photos" / f"{name}.{('jpg', 'png', 'webp')[number % 3]}")
        left = np.zeros((height, width), np.uint8)
        left[:, : width // 2] = 255
        Image.fromarray(left).save(folder / "masks" / f"{name}.png")
    return folder


def run(folder: Path, name: str, *words: str) -> tuple[dict[str, Any], dict[str, np.ndarray], str]:
    """The report of a training, its reference rows and what the command printed."""
    given = ["data=images", f"data.path={folder / 'photos'}", "data.size=[96,96]", "train.epochs=2"]
    given += ["train.batch_size=8", f"hydra.run.dir={folder / name}", f"models={folder / 'models'}"]
    done = factory(*given, *words)
    assert done.code == 0, done.out + done.err
    with np.load(folder / name / "train" / "reference.npz") as reference:
        arrays = dict(reference)
    return json.loads((folder / name / "train" / "report.json").read_text()), arrays, done.out


@pytest.mark.parametrize("backend", ["torch", "jax", "tensorflow"])
def test_images_train_alike_from_memory_and_from_disk(photos: Path, backend: str) -> None:
    words = ["model=cnn", f"train.backend={backend}", "train.augment={flip:true,shift:0.1,rotate:10,contrast:0.2}"]
    words += ["train.class_weight=balanced", "deploy=none"]
    near, near_rows, _ = run(photos, f"near-{backend}", *words, "data.memory=512")
    far, far_rows, _ = run(photos, f"far-{backend}", *words, "data.memory=1")
    assert near["metrics"] == pytest.approx(far["metrics"], rel=1e-6)
    for name, array in near_rows.items():
        np.testing.assert_array_equal(array, far_rows[name])


def test_a_trained_classifier_of_images_is_published_in_every_format(photos: Path) -> None:
    report, rows, out = run(photos, "whole", "model=cnn", "deploy=everywhere")
    summary = json.loads((photos / "whole" / "run.json").read_text())
    assert {name: target["status"] for name, target in summary["targets"].items()} == dict.fromkeys(
        ("saved_model", "onnx", "openvino", "litert", "torch_export"), "passed"
    ), out
    assert report["signature"]["inputs"] == [{"name": "image", "dtype": "uint8", "shape": [96, 96, 3]}]
    assert rows["inputs/image"].dtype == np.uint8


def test_masks_train_from_disk_and_are_published(photos: Path) -> None:
    layers = "{conv:{Conv2D:{filters:8,kernel_size:3,padding:same,activation:relu}}"
    layers += ",head:{Conv2D:{filters:'${data.classes}',kernel_size:1,activation:softmax}}}"
    words = ["~model.kind", "~model.layers", "+model.kind=layers", f"+model.layers={layers}", "data.memory=1"]
    words += [
        "name=masks",
        f"data.masks={photos / 'masks'}",
        "train.metrics=[accuracy,F1Score,{MeanIoU:{num_classes:2,",
    ]
    words[-1] += "sparse_y_pred:false}}]"
    words += ["train.class_weight=balanced", "train.augment.flip=true", "deploy/target=[saved_model,onnx]"]
    report, _, out = run(photos, "masks-run", "model=cnn", *words)
    assert report["signature"]["outputs"][0] == {"name": "mask", "dtype": "float32", "shape": [96, 96, 2]}
    assert report["metrics"]["accuracy"] > 0.4 and {"f1_score", "mean_io_u"} <= report["metrics"].keys()
    judged = json.loads((photos / "masks-run" / "train" / "evaluation.json").read_text())["mask"]
    assert judged["rows"] == 8 * 96 * 96 and sum(map(sum, judged["confusion"])) == judged["rows"]
    assert out.count(": passed") == 2
