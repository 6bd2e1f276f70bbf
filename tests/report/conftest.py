"""Real runs to report on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.commands import Done, factory

POOLED = """\
kind: layers
layers:
  pool: {AveragePooling2D: {pool_size: 3, strides: 2, padding: same}}
  flat: Flatten
  head: {Dense: {units: "${data.classes}", activation: softmax}}
"""


@dataclass(frozen=True)
class Ran:
    """A run that a test made, and what the command said."""

    path: Path
    done: Done


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ran]:
    """A classification, a regression, a graph with two outputs, one that the gate refuses, one that diverges."""
    folder = tmp_path_factory.mktemp("runs")
    (folder / "conf" / "model").mkdir(parents=True)
    (folder / "conf" / "model" / "pooled.yaml").write_text(POOLED)
    refused = [f"--config-dir={folder}/conf", "model=pooled", "data=digits_image", "train.backend=torch"]
    tested = ["data=diabetes", "data.split.test=0.15"]
    asked = {
        "digits": ["model=mlp", "train.backend=jax", "train.epochs=3", "optimizer.learning_rate=0.01"],
        "diabetes": [*tested, "train.backend=jax", "train.epochs=3", "model.standardize=true"],
        "pair": ["model=multi", "data=synthetic_multi", "train.backend=jax", "deploy=none", "train.epochs=2"],
        "refused": [*refused, "train.epochs=1"],
        "diverged": ["data=diabetes", "optimizer=sgd", "optimizer.learning_rate=1e30", "train.backend=jax"],
    }
    found = {}
    for name, words in asked.items():
        path = folder / "outputs" / name
        done = factory(*words, f"hydra.run.dir={path}", f"models={folder}/outputs/models", cwd=folder)
        found[name] = Ran(path, done)
    return found
