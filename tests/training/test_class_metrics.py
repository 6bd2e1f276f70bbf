"""Precision, recall, F1 and AUC are those of the positive class, or macro averages: scikit-learn's, on each backend."""

from __future__ import annotations

from typing import Any

import pytest

from factory.core.backends import BACKENDS
from tests.commands import child, printed_by

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("backend", BACKENDS)]


def made(backend: str) -> Any:
    """One process for all tests of a backend."""
    return printed_by(child("tests.training.class_metrics_child", backend))


def test_equal_scikit_learns_on_the_same_answers(backend: str) -> None:
    for case, metrics in made(backend)["compared"].items():
        for name, (ours, theirs) in metrics.items():
            assert ours == pytest.approx(theirs, abs=1e-3 if "auc" in name else 1e-6), (case, name)


def test_names_say_the_average_beyond_two_classes(backend: str) -> None:
    logs = made(backend)["trained"]["logs"]
    averages = ["auc", "f1_score", "f_beta_score", "precision", "recall"]
    assert logs == ["loss", *(f"macro_{name}" for name in averages), "true_positives"]


def test_the_saved_model_needs_none_of_them_and_they_go_through_a_config(backend: str) -> None:
    found = made(backend)["trained"]
    assert found["same"] is True
    before, after = found["restored"]
    assert before == after and {"MacroPrecision", "MacroRecall", "AUC", "F1Score"} < {*before}
