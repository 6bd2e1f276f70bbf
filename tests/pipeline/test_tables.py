"""A table of a user's own, by one command: read, inferred, trained, proven, as good as gradient boosting."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import log_loss, r2_score

from factory.data.load import load_dataset
from tests.commands import factory
from tests.data.tables.made import credit, houses
from tests.pipeline.test_runs import at, report, summary

pytestmark = pytest.mark.slow


def features(table: pl.DataFrame) -> np.ndarray:
    """What a person would give to gradient boosting: numbers, codes of words, days, and words that notes hold."""
    columns = []
    for name in table.columns:
        values = table[name]
        if name == "opened":
            columns += [values.str.to_date().dt.epoch("d"), values.str.to_date().dt.month()]
        elif name == "notes":
            words = ("late", "loans elsewhere", "bounced", "quarrels")
            columns += [values.str.contains(word).fill_null(False) for word in words]
        else:
            columns.append(values.cast(pl.Categorical).to_physical() if values.dtype == pl.String else values)
    return np.column_stack([column.cast(pl.Float64).to_numpy() for column in columns])


def split(path: Path, target: str) -> tuple[np.ndarray, np.ndarray]:
    """The places of the training and validation rows, drawn as the run draws them."""
    dataset = load_dataset({"source": "csv", "path": str(path), "target": target, "preprocess": True, "split": {}})
    assert dataset.train.places is not None and dataset.validation.places is not None
    return dataset.train.places, dataset.validation.places


def test_credit_is_within_15_percent_of_gradient_boosting_on_log_loss(tmp_path: Path) -> None:
    table = credit()
    table.write_csv(tmp_path / "credit.csv")
    words = ["data=csv", f"data.path={tmp_path}/credit.csv", "data.target=risk", "train.backend=jax"]
    done = factory(*words, *at(tmp_path))
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert "  risk         classification  2 different labels" in lines
    assert "  customer_id  ignored         a number of its own for each row, without a gap" in lines
    kinds = {column["kind"] for column in report(tmp_path, "train")["data"]["columns"]}
    assert kinds == {"target", "ignore", "number", "category", "boolean", "datetime", "text"}
    assert summary(tmp_path)["targets"]["saved_model"]["status"] == "passed"
    train, validation = split(tmp_path / "credit.csv", "risk")
    x, y = features(table.drop("customer_id", "risk")), table["risk"].to_numpy()
    boosting = HistGradientBoostingClassifier(random_state=0).fit(x[train], y[train])
    theirs = log_loss(y[validation], boosting.predict_proba(x[validation]))
    assert report(tmp_path, "train")["metrics"]["loss"] < 1.15 * theirs


def test_houses_reach_nine_tenths_of_what_gradient_boosting_explains(tmp_path: Path) -> None:
    table = houses()
    table.write_csv(tmp_path / "houses.csv")
    words = ["data=csv", f"data.path={tmp_path}/houses.csv", "data.target=price", "train.backend=jax", "deploy=none"]
    assert factory(*words, *at(tmp_path)).code == 0
    train, validation = split(tmp_path / "houses.csv", "price")
    x, y = features(table.drop("price")), table["price"].to_numpy()
    boosting = HistGradientBoostingRegressor(random_state=0).fit(x[train], y[train])
    theirs = r2_score(y[validation], boosting.predict(x[validation]))
    assert report(tmp_path, "train")["metrics"]["r2"] > 0.9 * theirs


def test_weighted_rows_and_targets_of_two_kinds_train_and_pass_the_gate(tmp_path: Path) -> None:
    credit(300).write_csv(tmp_path / "credit.csv")
    targets = "data.target={risk: classification, amount: regression}"
    words = ["data=csv", f"data.path={tmp_path}/credit.csv", targets, "data.weight=months", "train.backend=jax"]
    done = factory(*words, "train.epochs=1", "deploy.require={baseline: false}", *at(tmp_path))
    assert done.code == 0, done.err
    outputs = {output["name"]: output["task"] for output in report(tmp_path, "train")["data"]["outputs"]}
    assert outputs == {"risk": "classification", "amount": "regression"}
