"""A hand-off whose files are not what training wrote, though the recorded hashes say so, is refused in one line."""

from __future__ import annotations

import hashlib
import json
import pickle
from pathlib import Path

import pytest

from tests.commands import Done, factory

pytestmark = pytest.mark.slow


def deployed(folder: Path) -> Done:
    words = ["model=mlp", "data=iris", "train.backend=jax", "train.epochs=1"]
    return factory(*words, f"hydra.run.dir={folder / 'run'}", f"models={folder / 'models'}")


def forge(folder: Path, name: str, content: bytes) -> None:
    """Replace a file, and its hash in the report."""
    train = folder / "run" / "train"
    (train / name).write_bytes(content)
    report = json.loads((train / "report.json").read_text())
    report["sha256"][name] = hashlib.sha256(content).hexdigest()
    (train / "report.json").write_text(json.dumps(report))


def test_forged_files_are_one_line_each(tmp_path: Path) -> None:
    words = ["model=mlp", "data=iris", "train.backend=jax", "train.epochs=1", "deploy=none"]
    assert factory(*words, f"hydra.run.dir={tmp_path / 'run'}").code == 0
    train = tmp_path / "run" / "train"
    model = (train / "model.keras").read_bytes()
    forge(tmp_path, "model.keras", b"no archive")
    done = deployed(tmp_path)
    assert done.code == 4
    assert f"{train}/model.keras: got no zip archive, which every .keras file is; takes" in done.err
    forge(tmp_path, "model.keras", model)
    forge(tmp_path, "reference.npz", pickle.dumps([1, 2, 3]))
    done = deployed(tmp_path)
    assert done.code == 4
    assert f"{train}/reference.npz: got no archive of plain arrays; takes the one that training wrote" in done.err
