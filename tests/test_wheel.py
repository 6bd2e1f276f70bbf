"""The wheel, installed away from the checkout, is the whole product."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.commands import ROOT

pytestmark = pytest.mark.slow


def pip(python: Path | str, *words: str) -> None:
    subprocess.run([python, "-m", "pip", "--disable-pip-version-check", *words], check=True, capture_output=True)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip(sys.executable, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT))
    return next(folder.glob("factory-*.whl"))


def run(command: list[str | Path], cwd: Path, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    without = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment = without | ({"PYTHONPATH": str(path)} if path else {})
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300)


def test_the_console_script_runs_in_any_folder_with_the_users_own_groups(wheel: Path, tmp_path: Path) -> None:
    elsewhere, work = tmp_path / "elsewhere", tmp_path / "work"
    pip(sys.executable, "install", "--no-deps", "--target", str(elsewhere), str(wheel))
    (work / "my_conf" / "model").mkdir(parents=True)
    (work / "my_conf" / "model" / "tiny.yaml").write_text("kind: mlp\nhidden: [8]\nactivation: gelu\n")
    words = ["--config-dir=my_conf", "model=tiny", "train.backend=jax", "train.epochs=1"]
    done = run([elsewhere / "bin" / "factory", *words], work, elsewhere)
    assert done.returncode == 0, done.stderr
    assert (work / "outputs" / "models" / "saved_model" / "tiny-digits" / "1" / "saved_model.pb").exists()


def test_the_core_alone_says_what_is_missing(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    pip(python, "install", "--constraint", str(ROOT / "constraints.txt"), str(wheel))
    done = run([python, "-m", "factory", "train.backend=torch", "data=iris"], tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "train.backend: got 'torch', which is not installed; pip install 'factory[torch]'",
        "data.source: got 'sklearn', which needs scikit-learn; pip install 'factory[data]'",
        "deploy.target: got 'saved_model', which needs tensorflow; pip install 'factory[tensorflow]'",
    ]
    assert not (tmp_path / "outputs").exists()
    heavy = {"torch", "tensorflow", "jax", "sklearn", "polars", "onnx"}
    listed = run([python, "-m", "pip", "list", "--format=freeze"], tmp_path).stdout
    assert heavy.isdisjoint(line.partition("==")[0] for line in listed.splitlines())
