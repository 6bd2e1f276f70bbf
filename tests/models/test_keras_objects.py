"""Declared names become the Keras objects they name, under each backend."""

from __future__ import annotations

from typing import Any

import pytest

from factory.core.backends import BACKENDS
from tests.commands import child, printed_by

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("backend", BACKENDS)]


def made(backend: str) -> Any:
    return printed_by(child("tests.models.objects_child", backend))


def test_layers_and_those_inside_them_have_our_names(backend: str) -> None:
    both, forward, cell, cells = made(backend)["layers"]["nested"]
    assert (both, forward, cell) == ("both", "forward_both_layer", "rnn_cell")
    assert cells == ["rnn_cell_cells_0", "rnn_cell_cells_1"]


def test_arguments_that_are_declarations_become_objects(backend: str) -> None:
    found = made(backend)["layers"]
    assert found["constraint"] == ["MaxNorm", 2] and found["noise_shape"] == [None, 1]
    assert found["own"] == "factory.models.layers.position_embedding"


def test_optimizers_take_numbers_and_schedules(backend: str) -> None:
    found = made(backend)["optimizers"]
    assert found == {"plain": ["SGD", 0.25, 1.0], "scheduled": ["AdamW", 0.5]}


def test_losses_on_one_hot_targets_take_class_indices(backend: str) -> None:
    found = made(backend)["losses"]
    for name in ("auto", "dense", "function", "focal"):
        assert found[name] == pytest.approx(found["sparse"], rel=1e-4), name
    assert found["restored"] == pytest.approx(found["dense"][0])
    assert found["each"] == {"label": "SparseCategoricalCrossentropy", "cost": "Huber"}


def test_metrics_of_every_sort_give_one_number_under_their_name(backend: str) -> None:
    found = made(backend)["digits"]
    names = {"accuracy", "crossentropy", "macro_f1_score", "macro_auc", "top_k_categorical_accuracy"}
    names |= {"macro_precision"}
    assert names | {"categorical_accuracy", "sparse_top_k_categorical_accuracy", "iou", "loss"} == found.keys()
    assert found["accuracy"] == pytest.approx(found["categorical_accuracy"])
    assert found["crossentropy"] == pytest.approx(found["loss"], rel=1e-3)
    assert 0.5 < found["accuracy"] <= found["top_k_categorical_accuracy"] <= 1
    assert found["macro_f1_score"] == pytest.approx(found["accuracy"], abs=0.1)


def test_metrics_by_output_and_auto_for_the_others(backend: str) -> None:
    keys = {"loss", "label_loss", "cost_loss", "label_accuracy", "cost_mae", "cost_r2_score"}
    assert made(backend)["pair"].keys() == keys


def test_callbacks(backend: str) -> None:
    assert made(backend)["callbacks"] == ["TerminateOnNaN", "EarlyStopping", 3]


def test_class_weights_balance_or_follow_the_labels(backend: str) -> None:
    found = made(backend)["class_weights"]
    assert found["none"] is None and found["named"] == [1.0, 2.5, 1.0]
    assert found["balanced"] == pytest.approx(1) and found["equal"] == pytest.approx(0, abs=1e-4)
    assert found["unknown"] == "train.class_weight: got '7'; takes labels of 'label': 0, 1, 2"


def test_refusals_name_the_place(backend: str) -> None:
    found = made(backend)["refusals"]
    assert found["optimizer"] == "optimizer: got 'Adams'; takes a name of keras' optimizers; did you mean 'Adam'?"
    assert found["argument"].startswith("optimizer.Adam: ") and "learning_rat" in found["argument"]
    assert found["schedule"] == (
        "optimizer.Adam.learning_rate: got 'CosinDecay'; takes a name of keras' schedules; did you mean 'CosineDecay'?"
    )
    assert found["loss"].startswith("train.loss: got 'Crossentropy'; takes a name of keras' losses; did you mean ")
    assert found["sparse"] == (
        "train.loss: got 'SparseCategoricalCrossentropy'; takes one for numbers: 'cost' is regression"
    )
    assert found["callback"].startswith("train.callbacks.0: got 'LambdaCallback'; takes a name of keras' callbacks")
    assert found["metric"].startswith("train.metrics: got 'acuracy'; takes a name of keras' metrics; did you mean ")
