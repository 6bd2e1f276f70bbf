"""The quick way to thousands of configs gives what Hydra gives."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hydra.core.config_loader import ConfigLoader
from hydra.core.utils import JobReturn
from omegaconf import DictConfig

from factory.config.composition.compose import Config, compose_config, from_hydra
from factory.config.composition.folders import config_search_path
from factory.config.composition.grid import Grid
from factory.config.composition.hydra_cli import run_sweep
from factory.core.errors import ConfigError

SWEPT = [
    ["model=mlp,cnn", "data=digits,digits_image"],
    ["model.hidden=[64],[128,64]", "model.dropout=0,0.5", "seed=1,2"],
    ["train.epochs=3,7", "train.callbacks=[TerminateOnNaN],[{EarlyStopping:{patience:2}}]"],
    ["optimizer.learning_rate=0.1,1e-3,{ExponentialDecay:{decay_steps:5}}", "optimizer=adam,sgd"],
    ["data.classes=10,11", "model=cnn,graph"],
    ["deploy=serving,everywhere", "deploy.rows=16,32"],
    ["deploy/target=[onnx],[litert,onnx]", "deploy.backend=torch,jax"],
    ["deploy.target.saved_model.tolerance.float32.absolute=0,1", "experiment=digits_cnn,cancer_edge"],
    ["experiment=digits_cnn,pair_everywhere", "train.epochs=1,2", "name=one,'${data.source}'"],
    ["train={epochs:1},{epochs:2,batch_size:4}", "train.batch_size=8,9"],
    ["train.batch_size=8,9", "train={epochs:1},{epochs:2,batch_size:4}"],
    ["model.hiden=1,2", "train.backend='torch',jax", 'name="a b",null', "models=x,y"],
    ["~deploy.target.saved_model", "seed=1,2"],
    ["model=resnet20", "model.layers.stage2.repeat=1,2", "model.blocks.conv.size=3,5"],
    ["model=cnn", "model.layers.conv=Flatten,{conv:{filters:3}}", "+model.blocks.conv.size=3,5"],
]


class Compare:
    """Stands where a sweep does; compares the grid's configs with those that Hydra composes for the same words."""

    def __init__(self) -> None:
        self.compared: list[Config] = []
        self.composed = 0

    def launch(
        self, loader: ConfigLoader, master: DictConfig, fields: Any, jobs: Sequence[Sequence[str]], first: int
    ) -> list[JobReturn]:
        grid = Grid(loader, master, config_search_path(None))
        for number, overrides in enumerate(jobs, first):
            ours = grid.config(number, overrides)
            theirs = from_hydra(loader.load_sweep_config(master, list(overrides)), (), config_search_path(None))
            assert ours.tree == theirs.tree, overrides
            assert ours.choices == theirs.choices
            self.compared.append(ours)
        self.composed = len(grid.bases)
        return []


def compare(tmp_path: Path, *words: str) -> Compare:
    task = Compare()
    run_sweep([*words, f"hydra.sweep.dir={tmp_path}/sweep"], task, None, "config")
    return task


@pytest.mark.slow
@pytest.mark.parametrize("words", SWEPT, ids=" ".join)
def test_every_job_has_the_config_that_hydra_composes(words: list[str], tmp_path: Path) -> None:
    assert len(compare(tmp_path, *words).compared) >= 2


@pytest.mark.slow
def test_random_mixtures_of_overrides_have_the_config_that_hydra_composes(tmp_path: Path) -> None:
    draw = random.Random(0)
    pool = [word for words in SWEPT for word in words if word.startswith(("seed", "train.", "model=", "deploy"))]
    for place in range(2):
        chosen = {word.partition("=")[0]: word for word in draw.sample(pool, 3)}
        compare(tmp_path / str(place), *chosen.values())


@pytest.mark.slow
def test_plain_values_cost_no_composition(tmp_path: Path) -> None:
    seen = compare(tmp_path, "model=mlp,cnn", "seed=range(3)", "train.epochs=1,2")
    assert (len(seen.compared), seen.composed) == (12, 2)


def test_job_knows_its_number_folder_and_overrides(tmp_path: Path) -> None:
    last = compare(tmp_path, "seed=1,2", "hydra.sweep.subdir=run-${hydra.job.num}").compared[-1]
    assert last.run_dir == f"{tmp_path}/sweep/run-1"
    assert last.overrides == ("seed=2",)
    assert (last.hydra["job"]["num"], last.hydra["overrides"]["task"]) == (1, ["seed=2"])


def test_folder_may_be_named_after_the_overrides(tmp_path: Path) -> None:
    words = ["seed=1,2", "hydra.sweep.subdir=${hydra.job.override_dirname}"]
    assert [Path(job.run_dir).name for job in compare(tmp_path, *words).compared] == ["++seed=1", "++seed=2"]


@pytest.mark.slow
def test_what_hydra_refuses_is_refused_in_the_same_words(tmp_path: Path) -> None:
    for words in (
        ["model=mpl,mlp"],
        ["seed=1,2", "deploy=servng"],
        ["model.layers.a.b=1,2", "model=cnn", "model.layers.a=[1]"],
    ):
        with pytest.raises(ConfigError) as refused:
            compare(tmp_path, *words)
        with pytest.raises(ConfigError) as alone:
            compose_config([word.partition(",")[0] for word in words])
        assert refused.value.problems == alone.value.problems


def test_jobs_do_not_share_what_could_be_changed(tmp_path: Path) -> None:
    first, second = compare(tmp_path, "model.hidden=[64],[32]", "data=digits").compared
    first.tree["model"]["hidden"].append(1)
    first.tree["data"]["split"]["seed"] = 9
    assert second.tree["model"]["hidden"] == [32]
    assert second.tree["data"]["split"]["seed"] == 0


def test_product_is_complete(tmp_path: Path) -> None:
    found = [tuple(job.overrides) for job in compare(tmp_path, "seed=1,2", "train.epochs=3,4").compared]
    assert found == [(f"seed={a}", f"train.epochs={b}") for a, b in itertools.product((1, 2), (3, 4))]
