"""SHARED: The scores of a run: the rows that it is quoted on, and whether more of a metric is better."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

HIGHER_IS_BETTER = re.compile(r"acc|auc|precision|recall|f1|fbeta|score|iou|r2|cosine|correlation|specificity", re.I)
LOWER_IS_BETTER = re.compile(r"loss|error|mae|mse|mape|rmse|entropy|divergence|hinge|poisson|huber|cosh", re.I)
BETTER_THAN = ("baseline", "published")
"""The requirements that name another model to be better than: the trivial one, the one that is published now."""

METRIC_WORDS = {"r2": "R²", "mae": "MAE", "macro_recall": "macro-averaged recall"}

TELLING = ("r2", "f1_score")  # what a metric's name ends with, if it says how good a model is whatever the data's unit


def quoted(trained: Mapping[str, Any]) -> tuple[str, dict[str, float]]:
    """Return the word for the rows that a run is quoted on, and its loss and metrics there.

    The test rows, which are seen once, where there are any, else the validation rows.

    Args:
        trained: train/report.json, or the record of a published version; empty where training did not end.
    """
    tested = trained.get("test_metrics")
    return ("test", dict(tested)) if tested else ("validation", dict(trained.get("metrics") or {}))


def first_metric(metrics: Mapping[str, float]) -> str:
    """Return the name of the first metric that is no loss, else ``loss``."""
    return next((name for name in metrics if name != "loss" and not name.endswith("_loss")), "loss")


def telling(metrics: Mapping[str, float]) -> dict[str, float]:
    """Return the first metric that is no loss, else the loss, and each R² and F1 score."""
    return {name: value for name, value in metrics.items() if name == first_metric(metrics) or name.endswith(TELLING)}


def higher_is_better(name: str) -> bool:
    """Return whether more of a metric is better, as its name says."""
    return HIGHER_IS_BETTER.search(name) is not None


def direction(name: str) -> str | None:
    """Return ``max`` where more of a metric is better, ``min`` where less is; None where its name does not tell."""
    if higher_is_better(name):
        return "max"
    return "min" if LOWER_IS_BETTER.search(name) else None


def against(comparison: Mapping[str, Any]) -> str:
    """Return the deciding metric's values for a model and for the trivial baseline, in words.

    Args:
        comparison: the comparison of one output, as train/report.json holds it under ``baseline``.
    """
    name = comparison["metric"]
    scores = comparison["scores"][name]
    return f"{METRIC_WORDS.get(name, name)} {scores['model']:.4f} against {scores['baseline']:.4f}"
