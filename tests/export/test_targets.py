"""Every target under every export backend that makes it, for every kind of model: exported, run and compared."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PARTED = "pooling_same"
"""Its "same" padding averages zeros under torch, where all the kinds are built, and nowhere else."""

TORCH_FIXES_STEPS = "Constraints violated"
REFUSED = {
    # LiteRT's interpreter has no loop over a free batch axis, and a free time axis cannot be unrolled.
    ("litert", "tensorflow", "free_time"): (
        "no LiteRT file was written: the plain interpreter lacks TensorListReserve (Select TensorFlow ops)"
    ),
    # Keras' recurrent layers under torch loop in Python.
    ("onnx", "torch", "free_time"): TORCH_FIXES_STEPS,
    ("openvino", "torch", "free_time"): TORCH_FIXES_STEPS,
    ("torch_export", "torch", "free_time"): TORCH_FIXES_STEPS,
    # Lookups are TensorFlow inside, under every backend.
    ("onnx", "tensorflow", "lookup"): "tf2onnx writes no lookup tables",
    ("openvino", "tensorflow", "lookup"): "tf2onnx writes no lookup tables",
    ("litert", "tensorflow", "lookup"): "lacks HashTableV2, LookupTableFindV2, LookupTableImportV2",
    ("onnx", "torch", "lookup"): "the inputs are named []; declared are ['codes']",
    ("openvino", "torch", "lookup"): "the inputs are named []; declared are ['codes']",
    ("torch_export", "torch", "lookup"): "Exception encountered when calling IntegerLookup.call()",
}
FILES = {
    "saved_model": {"saved_model.pb", "variables"},
    "onnx": {"model.onnx"},
    "openvino": {"model.xml", "model.bin", "plugin_config.json"},
    "litert": {"model.tflite"},
    "torch_export": {"model.pt2"},
}


def kinds() -> list[str]:
    """The functions of kinds.py that are marked as a kind, read without importing Keras."""
    tree = ast.parse((HERE / "kinds.py").read_text())
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.decorator_list]


def targets_of_backends() -> dict[str, list[str]]:
    """Backend → the targets it makes, as conf says."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "conf" / "deploy" / "target").glob("*.yaml")):
        for backend in yaml.safe_load(path.read_text())[path.stem]["routes"]:
            found.setdefault(backend, []).append(path.stem)
    return found


def child(backend: str, *arguments: str | Path, given: str = "") -> str:
    """Run a script of this folder under a backend; its stdout."""
    environment = os.environ | {"KERAS_BACKEND": backend, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, *map(str, arguments)], cwd=HERE, env=environment, input=given, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kinds")
    child("torch", "make.py", folder)
    return folder


@pytest.fixture(scope="session")
def results(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[tuple[str, str], Any]]:
    """Backend → (target, kind) → what check.py says; one process for each backend."""
    known: dict[str, dict[tuple[str, str], Any]] = {}

    def of(backend: str) -> dict[tuple[str, str], Any]:
        if backend not in known:
            printed = child(backend, "check.py", trained, ",".join(targets_of_backends()[backend]))
            rows = [json.loads(line[7:]) for line in printed.splitlines() if line.startswith("RESULT ")]
            known[backend] = {(row["target"], row["kind"]): row for row in rows}
        return known[backend]

    return of


CELLS = [
    (target, backend, kind)
    for backend in targets_of_backends()
    for target in targets_of_backends()[backend]
    for kind in kinds()
]


@pytest.mark.parametrize(("target", "backend", "kind"), CELLS)
def test_artifact_computes_what_was_trained(results: Any, target: str, backend: str, kind: str) -> None:
    result = results(backend)[target, kind]
    if (target, backend, kind) in REFUSED:
        assert REFUSED[target, backend, kind] in result["error"]
        assert "\n" not in result["error"]
        return
    assert result["error"] is None
    parts = kind == PARTED and backend != "torch"
    assert result["broken"] == ("deploy load" if parts else None)
    assert FILES.get(target, set()) <= set(result["files"])
    assert result["left the process"] == []


@pytest.mark.parametrize(("target", "backend"), [("saved_model", "tensorflow"), ("torch_export", "torch")])
def test_artifact_runs_where_keras_is_not_installed(trained: Path, tmp_path: Path, target: str, backend: str) -> None:
    artifact, rows, outputs = tmp_path / "artifact", tmp_path / "rows.npz", tmp_path / "outputs.npz"
    source = trained / "many_to_many"
    child(backend, "export.py", target, source, artifact)
    with np.load(source / "reference.npz") as stored:
        inputs = {name[3:]: array for name, array in stored.items() if name.startswith("in.")}
        expected = {name[4:]: array for name, array in stored.items() if name.startswith("out.")}
    np.savez(rows, **inputs)
    child(backend, "alone.py", target, artifact, rows, outputs, given=" ".join(expected))
    with np.load(outputs) as found:
        for name, reference in expected.items():
            np.testing.assert_allclose(found[name], reference, rtol=1e-3, atol=1e-4)
