"""A table published by one command: what clients send and get, beside what, and what the next version must keep."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.commands import Done, environment, factory
from tests.data.tables.made import credit

pytestmark = pytest.mark.slow

TARGETS = "deploy/target=[onnx,litert]"
CLIENT = """
import json, sys
import numpy as np, onnxruntime
session = onnxruntime.InferenceSession(sys.argv[1])
rows = {"age": [31.0, float("nan")], "income": [2e4, 1e3], "amount": [5e3, 9e4], "months": [24.0, 12.0],
        "job": ["clerk", ""], "purpose": ["car", "boat"], "owner": ["yes", ""], "phone": ["Y", "N"],
        "opened": [1.5e9, float("nan")], "notes": ["late payments in the past", ""]}
types = {"tensor(double)": np.float64, "tensor(string)": object}
arrays = {i.name: np.array(rows[i.name], types[i.type]) for i in session.get_inputs()}
label, probabilities = session.run(["risk", "risk_probabilities"], arrays)
sys.path.insert(0, sys.argv[2])
import preprocessing
specification = json.load(open(sys.argv[2] + "/preprocessing.json"))
encoded = preprocessing.encode(specification, rows)
print(json.dumps([label.tolist(), probabilities.shape, {name: a.shape[0] for name, a in encoded.items()}]))
print({"keras", "factory", "polars"} & set(sys.modules))
"""


def published(folder: Path, table: pl.DataFrame) -> Done:
    table.write_csv(folder / "credit.csv")
    words = [
        "data=csv",
        f"data.path={folder}/credit.csv",
        "data.target=risk",
        TARGETS,
        "train.epochs=1",
        "deploy.require.baseline=false",
    ]
    run = len(list(folder.glob("run*")))
    return factory(*words, "name=credit", f"hydra.run.dir={folder}/run{run}", f"models={folder}/models")


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Done]:
    folder = tmp_path_factory.mktemp("credit")
    return folder, published(folder, credit(600))


def record(folder: Path, target: str) -> dict[str, Any]:
    return dict(json.loads((folder / "models" / target / "credit" / "1" / "factory.json").read_text()))


def test_the_record_tells_clients_the_raw_columns_and_the_answers(first: tuple[Path, Done]) -> None:
    folder, done = first
    assert done.code == 0, done.err
    raw = record(folder, "onnx")["raw"]
    dtypes = {tensor["name"]: tensor["dtype"] for tensor in raw["inputs"]}
    assert list(dtypes) == "age income amount months job purpose owner phone opened notes".split()
    assert (dtypes["age"], dtypes["opened"], dtypes["owner"], dtypes["notes"]) == ("float64",) * 2 + ("string",) * 2
    assert [tensor["name"] for tensor in raw["outputs"]] == ["risk", "risk_probabilities"]
    assert {target: record(folder, target)["encoded"] for target in ("onnx", "litert")} == {
        "onnx": False,
        "litert": True,
    }
    assert "onnx takes raw columns" in done.out
    assert "litert takes encoded inputs; preprocessing.py beside it makes them of raw rows" in done.out


def test_a_client_needs_the_runtime_and_numpy_alone(first: tuple[Path, Done]) -> None:
    folder, _ = first
    version = folder / "models/litert/credit/1"
    words = [sys.executable, "-c", CLIENT, str(folder / "models/onnx/credit/1/model.onnx"), str(version)]
    done = subprocess.run(words, cwd=folder, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    answers, imported = done.stdout.splitlines()
    labels, shape, rows = json.loads(answers)
    assert set(labels) <= {"good", "bad"} and shape == [2, 2] and set(rows.values()) == {2}
    assert imported == "set()"


def test_the_gate_compared_raw_rows_last(first: tuple[Path, Done]) -> None:
    folder, _ = first
    hops = {t: json.loads((folder / f"run0/deploy/{t}/report.json").read_text())["hops"] for t in ("onnx", "litert")}
    assert {target: found[-1]["name"] for target, found in hops.items()} == {
        "onnx": "preprocessing",
        "litert": "artifact",
    }


def test_the_reports_show_raw_columns(first: tuple[Path, Done]) -> None:
    folder, _ = first
    card, page = ((folder / "run0" / name).read_text() for name in ("model_card.md", "report.html"))
    assert "| input | opened | float64 | `[batch]` |" in card
    assert "Raw columns in, answers out" in card and "Raw columns in, answers out" in page


def test_a_column_that_is_called_otherwise_breaks_the_contract(first: tuple[Path, Done]) -> None:
    folder, _ = first
    done = published(folder, credit(600).rename({"months": "duration"}))
    assert done.code == 4, done.err
    assert "input 'months' was float64 () and is not there" in done.err
