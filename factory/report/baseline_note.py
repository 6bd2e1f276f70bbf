"""PARENT: how a model stands beside the trivial answer, in words; of a run from before that was measured, nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

NAMES = {"r2": "R²", "mae": "MAE"}


def warnings(trained: Mapping[str, Any]) -> list[str]:
    """A line for each output that the model answers no better than without looking at its inputs.

    Args:
        trained: train/report.json, empty where training did not end.
    """
    return [
        f"{output}: the model is no better than {found['answer']}: {against(found)} on the validation rows"
        for output, found in (trained.get("baseline") or {}).items()
        if not found["better"]
    ]


def against(found: Mapping[str, Any]) -> str:
    """The metric that decides, of the model and of the trivial answer."""
    name = found["metric"]
    scores = found["scores"][name]
    return f"{NAMES.get(name, name)} {scores['model']:.4f} against {scores['baseline']:.4f}"


def rows(trained: Mapping[str, Any]) -> Iterator[list[str]]:
    """For each output and metric: output, metric, the model's, the trivial answer's, and what that answers."""
    for output, found in (trained.get("baseline") or {}).items():
        for name, scores in found["scores"].items():
            if scores["model"] is not None:
                values = (f"{scores[side]:.4f}" for side in ("model", "baseline"))
                yield [output, NAMES.get(name, name), *values, found["answer"]]
