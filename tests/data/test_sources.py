"""Every file of factory/data reads what its spec says; every conf/data YAML too."""

from __future__ import annotations

import importlib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image

from factory.config.composition.compose import compose_config
from factory.data.dataset import Dataset, Rows
from factory.data.load import load_dataset
from tests.commands import ROOT

SOURCES = sorted(path.stem for path in (ROOT / "factory" / "data" / "sources").glob("*.py") if path.stem != "__init__")
CONF = sorted(path.stem for path in (Path(__file__).parents[2] / "conf" / "data").glob("*.yaml"))


def table() -> pl.DataFrame:
    draw = np.random.default_rng(0)
    return pl.DataFrame({"a": draw.normal(size=30), "b": range(30), "kind": ["x", "y", "z"] * 10})


@pytest.fixture
def examples(tmp_path: Path) -> dict[str, list[dict[str, Any]]]:
    """Options of each source; a new source needs a line here."""
    table().write_csv(tmp_path / "t.csv")
    table().write_parquet(tmp_path / "t.parquet")
    np.savez(
        tmp_path / "t.npz", image=np.ones((20, 4, 4), np.uint8), words=np.ones((20, 5)), y=[0, 1] * 10, z=[1.5] * 20
    )
    for number in range(8):
        file = tmp_path / "photos" / ("cat", "dog")[number % 2] / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((9, 5 + number, 3), number, np.uint8)).save(file)
    photos = {"path": str(tmp_path / "photos"), "size": [6, 4]}
    columns = {"target": "kind", "task": "classification"}
    outputs = {"y": "classification", "z": "regression"}
    return {
        "digits": [{}, {"image": True}, {"scale": False}],
        "sklearn": [{"name": name} for name in ("iris", "wine", "breast_cancer", "diabetes", "linnerud")],
        "csv": [
            {"path": str(tmp_path / "t.csv"), **columns},
            {"path": str(tmp_path / "t.csv"), **columns, "columns": ["b"]},
        ],
        "parquet": [
            {"path": str(tmp_path / "t.parquet"), **columns},
            {"path": str(tmp_path / "t.parquet"), "target": ["b"], "task": "regression", "columns": ["a"]},
        ],
        "npz": [
            {"path": str(tmp_path / "t.npz"), "outputs": outputs},
            {"path": str(tmp_path / "t.npz"), "outputs": {"y": "classification"}, "inputs": {"photo": "image"}},
        ],
        "images": [photos, {**photos, "color": "grey"}],
        "synthetic": [
            {"inputs": {"features": [784]}, "outputs": {"label": 10}},
            {"inputs": {"x": [1]}, "outputs": {"y": 3}},
            {"inputs": {"words": [6], "x": [2, 3]}, "tokens": {"words": 9}, "outputs": {"a": 3, "b": 0}, "rows": 60},
        ],
    }


@pytest.mark.parametrize("name", SOURCES)
def test_source_yields_what_its_spec_says(name: str, examples: Mapping[str, list[dict[str, Any]]]) -> None:
    for options in examples[name]:
        config = {"source": name, **options, "split": {"validation": 0.25, "seed": 1, "stratified": True, "file": None}}
        loaded = load_dataset(config)
        check(loaded)
        assert load_dataset(config).fingerprint == loaded.fingerprint


@pytest.mark.parametrize("name", CONF)
def test_every_yaml_yields_what_its_spec_says(name: str, examples: Mapping[str, list[dict[str, Any]]]) -> None:
    tree = compose_config([f"data={name}"]).tree["data"]
    given = examples[tree["source"]][0] if "???" in tree.values() else {}  # what a user has to give, such as a path
    check(load_dataset({**tree, **given}))


def check(loaded: Dataset) -> None:
    assert len(loaded.train) > len(loaded.validation) > 0
    for rows in (loaded.train, loaded.validation):
        check_rows(loaded, rows)


def check_rows(loaded: Dataset, rows: Rows) -> None:
    assert [*rows.inputs] == [one.name for one in loaded.spec.inputs]
    assert [*rows.outputs] == [one.name for one in loaded.spec.outputs]
    for one in loaded.spec.inputs:
        array = rows.inputs[one.name]
        assert (array.dtype.name, array.shape) == (one.dtype, (len(rows), *one.shape))
        assert np.isfinite(array).all()
    for output in loaded.spec.outputs:
        array = rows.outputs[output.name]
        if output.task == "classification":
            assert (array.dtype.name, array.shape, output.shape) == ("int32", (len(rows),), (output.classes,))
            assert output.labels is not None and 0 <= array.min() and array.max() < len(output.labels)
        else:
            assert (array.dtype.name, array.shape) == ("float32", (len(rows), *output.shape))


@pytest.mark.slow
def test_bundled_values_are_those_of_scikit_learn() -> None:
    from sklearn import datasets

    for name in ("iris", "wine", "breast_cancer", "diabetes", "linnerud"):
        ours = read("sklearn", name=name)
        theirs = getattr(datasets, f"load_{name}")()
        np.testing.assert_allclose(ours.inputs["features"], theirs.data, rtol=1e-12, atol=1e-12)
        (answers,) = ours.outputs.values()
        classified = name not in ("diabetes", "linnerud")
        assert (answers == (theirs.target_names[theirs.target] if classified else theirs.target)).all()
    digits, images = read("digits", scale=False), read("digits", image=True)
    np.testing.assert_array_equal(digits.inputs["pixels"], datasets.load_digits().data)
    np.testing.assert_array_equal(images.inputs["image"][..., 0], datasets.load_digits().images / 16)
    np.testing.assert_array_equal(digits.outputs["digit"], datasets.load_digits().target)


def read(source: str, /, **options: Any) -> Any:
    return importlib.import_module(f"factory.data.sources.{source}").read(**options)


def test_digits_are_read_quickly() -> None:
    seconds = []
    for _ in range(5):
        start = time.process_time()
        load_dataset({"source": "digits", "split": {}})
        seconds.append(time.process_time() - start)
    assert min(seconds) < 0.06


def test_synthetic_labels_can_be_learnt() -> None:
    """A linear least-squares fit finds most of them in rows it has not seen."""
    loaded = load_dataset({"source": "synthetic", "inputs": {"features": [784]}, "outputs": {"label": 10}})
    targets = np.eye(10)[loaded.train.outputs["label"]]
    weights = np.linalg.lstsq(loaded.train.inputs["features"], targets, rcond=1e-3)[0]
    guesses = (loaded.validation.inputs["features"] @ weights).argmax(axis=1)
    assert (guesses == loaded.validation.outputs["label"]).mean() > 0.6


def test_validation_rows_may_come_from_a_file_of_their_own(tmp_path: Path) -> None:
    table().write_csv(tmp_path / "train.csv")
    table().head(9).write_csv(tmp_path / "check.csv")
    split = {"validation": 0.2, "seed": 0, "stratified": True, "file": str(tmp_path / "check.csv")}
    config = {"source": "csv", "path": str(tmp_path / "train.csv"), "target": "kind", "task": "classification"}
    loaded = load_dataset({**config, "split": split})
    assert (len(loaded.train), len(loaded.validation)) == (30, 9)


def test_test_rows_may_come_from_a_file_of_their_own_and_beside_drawn_validation_rows(tmp_path: Path) -> None:
    table().write_csv(tmp_path / "train.csv")
    table().head(9).write_csv(tmp_path / "judge.csv")
    config = {"source": "csv", "path": str(tmp_path / "train.csv"), "target": "kind", "task": "classification"}
    loaded = load_dataset({**config, "split": {"validation": 0.2, "test_file": str(tmp_path / "judge.csv")}})
    assert {part: len(rows) for part, rows in loaded.parts.items()} == {"train": 24, "validation": 6, "test": 9}
    split = {"file": str(tmp_path / "judge.csv"), "test": 0.2}
    loaded = load_dataset({**config, "split": split})
    assert {part: len(rows) for part, rows in loaded.parts.items()} == {"train": 24, "validation": 9, "test": 6}


def test_what_the_rows_are_divided_by_is_no_input_unless_it_is_named(tmp_path: Path) -> None:
    arrays = {"x": np.arange(40.0), "site": np.repeat(np.arange(10), 4), "y": np.arange(40) % 2}
    np.savez(tmp_path / "a.npz", **arrays)
    config = {"source": "npz", "path": f"{tmp_path}/a.npz", "outputs": {"y": "classification"}}
    loaded = load_dataset({**config, "split": {"group": "site"}})
    assert [*loaded.train.inputs] == ["x"]
    sides = [{int(x) // 4 for x in rows.inputs["x"][:, 0]} for rows in loaded.parts.values()]
    assert not set.intersection(*sides) and len(set.union(*sides)) == 10
    named = load_dataset({**config, "inputs": ["x", "site"], "split": {"group": "site"}})
    assert [*named.train.inputs] == ["x", "site"]


def test_a_table_is_divided_by_a_column_that_is_no_feature(tmp_path: Path) -> None:
    days = pl.Series("day", [f"2026-11-{1 + row:02}" for row in range(30)])
    table().with_columns(days).write_csv(tmp_path / "t.csv")
    features = [name for name in table().columns if name != "kind"]
    config = {"source": "csv", "path": f"{tmp_path}/t.csv", "target": "kind", "task": "classification"}
    loaded = load_dataset({**config, "columns": features, "split": {"validation": 0.2, "time": "day"}})
    last = load_dataset({**config, "columns": features, "split": {"validation": 0.2, "file": f"{tmp_path}/t.csv"}})
    for name, rows in loaded.validation.inputs.items():
        assert sorted(rows.tolist()) == sorted(last.train.inputs[name][24:].tolist())
