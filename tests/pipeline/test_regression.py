"""Regressions through the command line: targets are scaled for training, and nobody outside of it sees that."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.commands import factory, kill_in_training
from tests.pipeline.test_runs import BACKENDS, at, report, summary
from tests.weights import same_weights

pytestmark = pytest.mark.slow

EPOCHS = 10  # the default


def houses(folder: Path, rows: int = 400) -> list[str]:
    """The README's regression: prices of about 3e5, and profits around 0 which are as large."""
    draw = np.random.default_rng(0)
    area, rooms = draw.uniform(40, 220, rows), draw.integers(1, 8, rows)
    price = 30000 + 2500 * area + 12000 * rooms + draw.normal(0, 15000, rows)
    with open(folder / "houses.csv", "w", newline="") as file:
        csv.writer(file).writerow(["area", "rooms", "price", "profit"])
        csv.writer(file).writerows(np.column_stack([area, rooms, price, price - price.mean()]).round(2).tolist())
    table = ["data=csv", f"data.path={folder}/houses.csv", "data.task=regression", "data.preprocess=false"]
    return [*table, "train=default", "model=mlp", "model.standardize=true"]


def r2(folder: Path, output: str) -> float:
    return float(report(folder, "train")["baseline"][output]["scores"]["r2"]["model"])


@pytest.mark.parametrize("backend", BACKENDS)
def test_several_large_targets_are_learnt_and_come_out_of_every_format_in_their_unit(
    backend: str, tmp_path: Path
) -> None:
    words = [*houses(tmp_path), "data.columns=[area,rooms]", "data.target=[price,profit]", "deploy=everywhere"]
    done = factory(*words, f"train.backend={backend}", *at(tmp_path))
    assert done.code == 0, done.out + done.err
    assert "the loss counts in deviations of the target" in done.out
    assert "warning" not in done.out
    assert r2(tmp_path, "target") > 0.9
    trained = report(tmp_path, "train")
    assert trained["epochs"] == EPOCHS and trained["metrics"]["loss"] < 0.1
    with np.load(tmp_path / "run" / "train" / "reference.npz") as saved:
        off = np.abs(saved["outputs/target"] - saved["targets/target"]).mean()
    assert trained["metrics"]["mae"] == pytest.approx(off, rel=1e-5)
    targets = summary(tmp_path)["targets"]
    assert len(targets) == 5
    for target in targets.values():
        assert target["metric"]["after"] == pytest.approx(off, rel=1e-4)


@pytest.mark.parametrize(("name", "least"), [("diabetes", 0.45), ("linnerud", -0.6)])
def test_bundled_sets_reach_what_linear_regression_does(name: str, least: float, tmp_path: Path) -> None:
    """Least squares reach 0.52 on these rows of diabetes, and -0.61 on the four of linnerud."""
    assert factory(f"data={name}", "model.standardize=true", "deploy=none", *at(tmp_path)).code == 0
    assert r2(tmp_path, "target") > least


def test_without_scaling_the_run_ends_with_a_warning_on_screen_page_and_card(tmp_path: Path) -> None:
    words = [*houses(tmp_path), "data.columns=[area,rooms]", "data.target=price", "data.scale_target=false"]
    free = "deploy.require.baseline=false"
    done = factory(*words, "train.backend=jax", free, *at(tmp_path))
    assert done.code == 0, done.err
    assert "unscaled" not in architecture(tmp_path)
    (line,) = (line for line in done.out.splitlines() if line.startswith("warning: "))
    assert line.startswith("warning: price: the model is no better than the mean of the training rows: R² -")
    assert line in factory("report", f"{tmp_path}/run").out
    for page in ("report.html", "model_card.md"):
        assert line.removeprefix("warning: ") in (tmp_path / "run" / page).read_text()
    assert summary(tmp_path)["train"]["baseline"]["price"]["better"] is False


def architecture(folder: Path) -> dict[str, dict[str, Any]]:
    nodes = json.loads((folder / "run" / "train" / "architecture.json").read_text())["nodes"]
    return {node["name"].partition("_")[2]: node for node in nodes}


def test_a_head_with_an_activation_of_its_own_answers_as_it_was_declared(tmp_path: Path) -> None:
    """Behind a softplus, scaled back, no price below the mean could be predicted."""
    own = tmp_path / "conf" / "model"
    own.mkdir(parents=True)
    (own / "positive.yaml").write_text(
        "kind: layers\nlayers:\n  standard: Normalization\n  price_head: {Dense: {units: 1, activation: softplus}}\n"
    )
    words = [word for word in houses(tmp_path) if not word.startswith("model")]
    words = [f"--config-dir={tmp_path}/conf", *words, "model=positive", "data.columns=[area]"]
    words += ["data.target=price", "deploy.require.baseline=false"]
    done = factory(*words, "train.backend=jax", "train.epochs=2", *at(tmp_path))
    assert done.code == 0, done.err
    assert "unscaled" not in architecture(tmp_path)


@pytest.mark.parametrize("loss", ["MeanAbsolutePercentageError", "MeanSquaredLogarithmicError", "Huber"])
def test_losses_that_are_not_of_differences_see_the_target_itself(loss: str, tmp_path: Path) -> None:
    words = [*houses(tmp_path), "data.columns=[area,rooms]", "data.target=price", f"train.loss={loss}"]
    done = factory(*words, "train.backend=jax", "deploy=none", *at(tmp_path))
    assert done.code == 0, done.err
    assert report(tmp_path, "train")["scaled_losses"] == (["price"] if loss == "Huber" else [])
    assert r2(tmp_path, "price") > 0.8


def test_a_killed_regression_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    words = ["data=diabetes", "model.dropout=0.2", "train.backend=torch", "train.epochs=60", "deploy=none"]
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for folder in (whole, killed):
        folder.mkdir()
    assert factory(*words, *at(whole)).code == 0
    kill_in_training(*words, *at(killed), run=killed / "run", rows=5)
    resumed = factory("resume", f"{killed}/run")
    assert resumed.code == 0, resumed.err
    assert "going on after epoch" in resumed.out
    assert same_weights(whole / "run", killed / "run")
    assert report(whole, "train")["metrics"] == report(killed, "train")["metrics"]
