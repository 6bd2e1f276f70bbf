"""A user's project: what the README shows runs as it stands, and one plug-in of each kind works by lying there."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import ROOT, factory
from tests.test_wheel import pip, run, wheel  # noqa: F401  # the fixture

pytestmark = pytest.mark.slow

SHOWN = (ROOT / "README.md").read_text().partition("## Your own code")[2].partition("\n## ")[0]
FILES = dict(re.findall(r"```(?:python|yaml)\n# (\S+)\n(.*?)```", SHOWN, re.DOTALL))
(COMMAND,) = re.findall(r"^python -m factory (.*)$", SHOWN, re.MULTILINE)
SMALL = ["train.epochs=1", "deploy.require.baseline=false"]

MORE = {
    "factory.project": "",
    "models/kinds/twin.py": """
import keras
from factory.models import functional

def build(spec, *, width: int = 4):
    x = keras.Input(spec.inputs[0].shape, name=spec.inputs[0].name)
    y = keras.layers.Dense(spec.outputs[0].shape[-1], name="y")(keras.layers.Dense(width, name="hidden")(x))
    return keras.Model({spec.inputs[0].name: x}, {spec.outputs[0].name: y})
""",
    "metrics/within.py": """
import keras

class Within(keras.metrics.Mean):
    def __init__(self, *, limit: float = 1.0, **base):
        super().__init__(**base)
        self.limit = limit

    def update_state(self, y_true, y_pred, sample_weight=None):
        near = keras.ops.cast(keras.ops.abs(y_true - y_pred) < self.limit, "float32")
        return super().update_state(near, sample_weight)
""",
    "callbacks/say.py": """
import keras

class Say(keras.callbacks.Callback):
    def __init__(self, *, file: str):
        super().__init__()
        self.file = file

    def on_epoch_end(self, epoch, logs=None):
        with open(self.file, "a") as out:
            out.write(f"{epoch} {sorted(logs)}\\n")
""",
    "export/targets/weights.py": """
import numpy as np
import keras

def export(model, signature, folder, *, compress: bool = False):
    save = np.savez_compressed if compress else np.savez
    save(folder / "weights.npz", *[np.asarray(keras.ops.convert_to_numpy(w)) for w in model.weights])

def load(folder, signature):
    with np.load(folder / "weights.npz") as saved:
        w1, b1, w2, b2 = (saved[name] for name in saved.files)
    (x,), (y,) = signature.inputs, signature.outputs
    return lambda rows: {y.name: (rows[x.name] @ w1 + b1) @ w2 + b2}
""",
    "trackers/diary.py": """
class Diary:
    place = look = "diary.txt"

    def __init__(self, file):
        self.file = file

    def write(self, text):
        with open(self.file, "a") as out:
            out.write(text + "\\n")

    def begin(self, opening):
        self.write(f"begin {opening.name}")
        return "1"

    def epochs(self, run, rows):
        self.write(f"{len(rows)} epochs")

    def end(self, run, closing):
        self.write(f"end {closing.ending}")

def connect(*, file: str = "diary.txt"):
    return Diary(file)
""",
    "conf/model/twin.yaml": "kind: twin\n",
    "conf/tracker/diary.yaml": "kind: diary\nfile: diary.txt\n",
    "conf/deploy/target/weights.yaml": """
weights:
  routes: {torch: [], jax: [], tensorflow: []}
  requires: []
  extra: null
  tolerance: {float32: {absolute: 1.0e-4, relative: 1.0e-3}}
  serve: null
  options: {compress: true}
""",
}


def lay(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_the_readmes_project_runs_from_an_installed_wheel(wheel: Path, tmp_path: Path) -> None:  # noqa: F811
    assert sum(len(text.strip().splitlines()) for name, text in FILES.items() if name.endswith(".py")) <= 40
    elsewhere, work = tmp_path / "elsewhere", lay(tmp_path / "work", {"factory.project": "", **FILES})
    pip(sys.executable, "install", "--no-deps", "--target", str(elsewhere), str(wheel))
    done = run(
        [elsewhere / "bin" / "factory", *shlex.split(COMMAND), "train.epochs=1", "deploy.require.baseline=false"],
        work,
        elsewhere,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    published = work / "outputs" / "models"
    assert {path.name for path in published.iterdir() if path.name[0] != "."} == {
        "litert",
        "onnx",
        "openvino",
        "saved_model",
        "torch_export",
    }
    assert b"factory_project" not in (published / "onnx" / "gated-waves" / "1" / "model.onnx").read_bytes()
    without = "import tensorflow as tf; tf.saved_model.load('outputs/models/saved_model/gated-waves/1')"
    subprocess.run([sys.executable, "-c", without], cwd=work, check=True, capture_output=True)


@pytest.mark.parametrize("backend", ["torch", "jax"])
def test_one_plugin_of_each_kind_works_by_lying_there(tmp_path: Path, backend: str) -> None:
    project = lay(tmp_path, {**FILES, **MORE})
    words = ["model=twin", "data=waves", f"train.backend={backend}", "train.epochs=2", "tracker=diary"]
    words += [
        "train.metrics=[mae,{Within:{limit:0.5}}]",
        "train.callbacks=[{Say:{file:said.txt}}]",
        "train.loss=Pinball",
    ]
    words += ["deploy/target=[weights,saved_model]", "deploy.require.baseline=false", "hydra.run.dir=run"]
    done = factory(*words, cwd=project)
    assert done.code == 0, done.err + done.out
    summary = json.loads((project / "run" / "run.json").read_text())
    assert set(summary["train"]["metrics"]) == {"loss", "mae", "within", "r2"}
    assert {name: target["status"] for name, target in summary["targets"].items()} == {
        "weights": "passed",
        "saved_model": "passed",
    }
    assert (project / "said.txt").read_text().startswith("0 ['loss', 'mae'")
    assert (project / "diary.txt").read_text().splitlines()[-1] == "end finished"
    again = factory("resume", "run", cwd=project)
    assert again.code == 0, again.err


def test_a_sweep_knows_the_project(tmp_path: Path) -> None:
    project = lay(tmp_path, {**FILES, **MORE})
    words = ["-m", "model=gated,twin", "data=waves", "train.epochs=1", "train.loss=Pinball", "hydra.sweep.dir=sweep"]
    words += ["deploy.require.baseline=false"]
    done = factory(*words, cwd=project)
    assert done.code == 0, done.err + done.out
    assert len((project / "sweep" / "leaderboard.csv").read_text().splitlines()) == 3
