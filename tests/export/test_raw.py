"""Artifacts that take raw columns: the gate passes what computes as training did, and refuses each built-in fault."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
TARGETS = {"tensorflow": "saved_model,onnx,litert", "torch": "onnx,torch_export"}
CARRIED = [("tensorflow", "saved_model"), ("tensorflow", "onnx"), ("torch", "onnx")]
ENCODED = [("tensorflow", "litert"), ("torch", "torch_export")]
FAULTS = {
    "a step left out": "column 'amount (EUR)' is encoded otherwise",
    "a clip left out": "column 'age' is encoded otherwise",
    "two columns swapped": "column 'age' is encoded otherwise",
    "a vocabulary permuted": "column 'job' is encoded otherwise",
    "a deviation 1.0001 times as large": "column 'age' is encoded otherwise",
    "a decimal comma": "column 'member' is encoded otherwise",
    "labels in another order": "output risk answers another label in",
}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """Backend → what raw.py says of its targets and faults."""
    found = {}
    for backend, targets in TARGETS.items():
        environment = os.environ | {"KERAS_BACKEND": backend, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
        words = [sys.executable, ROOT / "tests/export/raw.py", tmp_path_factory.mktemp(backend), targets]
        done = subprocess.run(words, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]
        found[backend] = [json.loads(line[7:]) for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    return found


def of(made: Any, backend: str, target: str) -> Any:
    (found,) = [one for one in made[backend] if one["target"] == target and "report" in one]
    return found


@pytest.mark.parametrize(("backend", "target"), CARRIED)
def test_raw_rows_give_what_training_computed(made: Any, backend: str, target: str) -> None:
    report = of(made, backend, target)["report"]
    assert (report["status"], report["error"], report["encoded"]) == ("passed", None, False)
    assert [hop["name"] for hop in report["hops"]][-2:] == ["artifact", "preprocessing"]
    rows = {found["output"]: found["rows"] for found in report["hops"][-1]["differences"]}
    assert set(rows) == {"risk", "stars", "price"}
    assert min(rows.values()) > 300  # generated ones among them
    assert report["latency"].keys() == report["latency_encoded"].keys() == {"1", "32"}


@pytest.mark.parametrize(("backend", "target"), ENCODED)
def test_what_carries_no_columns_takes_encoded_inputs(made: Any, backend: str, target: str) -> None:
    report = of(made, backend, target)["report"]
    assert (report["status"], report["encoded"]) == ("passed", True)
    assert report["hops"][-1]["name"] == "artifact"
    assert "latency_encoded" not in report


@pytest.mark.parametrize(("backend", "target"), [*CARRIED, *ENCODED])
def test_the_preprocessing_lies_in_the_artifact_to_be_read(made: Any, backend: str, target: str) -> None:
    folder = "assets.extra/" if target == "saved_model" else ""
    assert {f"{folder}preprocessing.json", f"{folder}preprocessing.py"} <= set(of(made, backend, target)["files"])


@pytest.mark.parametrize(("backend", "target"), [*CARRIED, *ENCODED])
def test_the_loader_for_registries_takes_raw_rows_of_every_target(made: Any, backend: str, target: str) -> None:
    assert of(made, backend, target)["loads"]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("target", ["saved_model", "onnx"])
def test_a_fault_in_the_preprocessing_is_refused_by_name(made: Any, target: str, fault: str) -> None:
    (error,) = [one["error"] for one in made["tensorflow"] if one["target"] == target and one.get("fault") == fault]
    assert f"the first hop that broke: preprocessing: {FAULTS[fault]}" in error
    assert "\n" not in error
