"""Child: train on a table made by hand, hand off, export to targets, inject faults, print one JSON line for each.

python raw.py FOLDER TARGET,TARGET  →  {"target":…, "report": {…}, "files": […]}, {"target":…, "fault":…, "error":…}
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import polars as pl
import yaml

from factory.core.files import write_json
from factory.core.rundir import RunDir
from factory.core.signature import Signature
from factory.data.dataset import Dataset, DataSpec, Output, Rows, Scale
from factory.export.deploy import export_target
from factory.export.gate import Gate
from factory.export.target import get_target
from factory.preprocessing.polars_encoder import encode
from factory.preprocessing.reference import answer
from factory.preprocessing.spec import Preprocessing
from factory.tracking import pyfunc
from factory.training.handoff import write_hand_off
from tests.preprocessing.made import EVERYTHING

ROOT = Path(__file__).parents[2]
RANDOM = np.random.default_rng(0)
ROWS = 96


def raw_rows(preprocessing: Preprocessing) -> dict[str, np.ndarray]:
    """Ordinary rows: values of the vocabularies, numbers in their range, some of them missing."""
    rows = {}
    for column in preprocessing.columns:
        if column.wire == "float64":
            low, high = max(column.low, -1e4), min(column.high, 2e9)
            rows[column.input] = np.where(RANDOM.random(ROWS) < 0.1, np.nan, RANDOM.uniform(low, high, ROWS))
            continue
        known = getattr(column, "vocabulary", ()) or getattr(column, "true", ("street", "lane"))
        words = [" ".join(RANDOM.choice([*known, "", "other"], 3 if column.kind == "text" else 1)) for _ in range(ROWS)]
        rows[column.input] = np.array(words, object)
    return rows


def made_dataset() -> Dataset:
    raw = raw_rows(EVERYTHING)
    names = {column.input: column.name for column in EVERYTHING.columns}
    inputs = encode(EVERYTHING, pl.DataFrame([pl.Series(names[name], values) for name, values in raw.items()]))
    price = RANDOM.normal(5e3, 1e3, (ROWS, 1)).astype("float32")
    outputs = {
        "risk": RANDOM.integers(0, 2, ROWS).astype("int32"),
        "stars": RANDOM.integers(0, 3, ROWS).astype("int32"),
        "price": price,
    }
    rows = Rows(inputs, outputs)
    spec = DataSpec(
        EVERYTHING.tensors,
        (
            Output("risk", "classification", 2, ("bad", "good"), (2,)),
            Output("stars", "classification", 3, (1, 2, 5), (3,)),
            Output("price", "regression", None, None, (1,), Scale.of(price)),
        ),
        EVERYTHING,
    )
    return Dataset(spec, rows, rows, "0" * 64, raw=lambda count: {name: all_[:count] for name, all_ in raw.items()})


def made_model(spec: DataSpec) -> keras.Model:
    """A model in which every number and every code counts, and stays finite."""
    keras.utils.set_random_seed(0)
    inputs = {t.name: keras.Input(t.shape, name=t.name, dtype=t.dtype) for t in spec.inputs}
    scaled = [keras.layers.Rescaling(1.0 if t.dtype == "float32" else 0.05)(inputs[t.name]) for t in spec.inputs]
    hidden = keras.layers.Concatenate()([keras.layers.Activation("tanh")(x) for x in scaled])
    hidden = keras.layers.Dense(32, activation="tanh", kernel_initializer="he_normal")(hidden)
    outputs = {
        "risk": keras.layers.Dense(2, activation="softmax")(hidden),
        "stars": keras.layers.Dense(3, activation="softmax")(hidden),
        "price": keras.layers.Rescaling(1e3, 5e3)(keras.layers.Dense(1)(hidden)),
    }
    return keras.Model(inputs, outputs)


def changed(name: str, **fields: Any) -> Preprocessing:
    columns = tuple(replace(c, **fields) if c.input == name else c for c in EVERYTHING.columns)
    return replace(EVERYTHING, columns=columns)


def swapped(name: str, other: str) -> Preprocessing:
    inputs = {name: other, other: name}
    columns = tuple(replace(c, input=inputs.get(c.input, c.input)) for c in EVERYTHING.columns)
    return replace(EVERYTHING, columns=columns)


def relabelled(*labels: str) -> Preprocessing:
    first, *others = EVERYTHING.answers
    return replace(EVERYTHING, answers=(replace(first, labels=labels), *others))


JOB = EVERYTHING.columns[4]
FAULTS: dict[str, Callable[[], Preprocessing]] = {
    "a step left out": lambda: changed("amount_EUR", log=False),
    "a clip left out": lambda: changed("age", high=1e300),
    "two columns swapped": lambda: swapped("age", "raw"),
    "a vocabulary permuted": lambda: changed("job", vocabulary=JOB.vocabulary[::-1]),  # type: ignore[union-attr]
    "a deviation 1.0001 times as large": lambda: changed("age", scale=11.3 * 1.0001),
    "a decimal comma": lambda: changed("member", true=("1,0", "true", "yes")),
    "labels in another order": lambda: relabelled("good", "bad"),
}


def config(targets: list[str]) -> dict[str, Any]:
    nodes = {t: yaml.safe_load((ROOT / f"conf/deploy/target/{t}.yaml").read_text())[t] for t in targets}
    return {
        "train": {"precision": "float32", "metrics": "auto"},
        "deploy": {"precision": "float32", "rows": 64, "encoded": True, "target": nodes},
    }


def refusal(gate: Gate, target: str, exported: Path, faulty: Preprocessing) -> str | None:
    """What the gate says of an artifact that carries a faulty preprocessing."""
    format, folder = get_target(target), exported.with_name("faulty")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(exported, folder)
    predict = format.load(folder, gate.given.signature)
    format.carry(folder, gate.given.signature, faulty)
    carrier = format.load_raw(folder, gate.given.signature, EVERYTHING)
    return gate.judge(predict, gate.config["deploy"]["target"][target]["tolerance"], carrier)["error"]


def registered(gate: Gate, target: str, artifact: Path, report: Any) -> Any:
    """Whether MLflow's loader of the artifact answers raw rows with the labels of training."""
    given = gate.given.trained
    fields = {"signature": given["raw"], "inner": given["signature"], "encoded": [target] if report["encoded"] else []}
    run = pyfunc.Registered(pyfunc.loaded(target, artifact, fields), Signature.from_json(given["raw"]))
    expected = answer(EVERYTHING.to_json(), {name: values[:ROWS] for name, values in gate.given.raw.outputs.items()})
    found = run.predict({name: values[:ROWS].tolist() for name, values in gate.given.raw.rows.items()})
    return all(np.array_equal(found[name], expected[name]) for name in ("risk", "stars"))


def main(folder: Path, targets: list[str]) -> None:
    run, dataset = RunDir(folder), made_dataset()
    model = made_model(dataset.spec)
    given = write_hand_off(run, model, dataset, ROWS)
    facts = {"backend": keras.backend.backend(), "data": {"fingerprint": dataset.fingerprint, **dataset.spec.to_json()}}
    write_json(run.train / "report.json", {**facts, **given})
    gate = Gate.open(run, config(targets))
    for target in targets:
        artifact = run.artifact(target)
        artifact.mkdir(parents=True)
        report = export_target(gate, target, artifact)
        files = sorted(str(path.relative_to(artifact)) for path in artifact.rglob("*") if path.is_file())
        loads = registered(gate, target, artifact, report)
        print("RESULT " + json.dumps({"target": target, "report": report, "files": files, "loads": loads}), flush=True)
        if not report.get("encoded", True) and keras.backend.backend() == "tensorflow":  # the graphs are the same
            exported = run.deploy(target) / "plain"
            exported.mkdir()
            get_target(target).export(gate.model, gate.given.signature, exported)
            for fault, make in FAULTS.items():
                error = refusal(gate, target, exported, make())
                print("RESULT " + json.dumps({"target": target, "fault": fault, "error": error}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2].split(","))
