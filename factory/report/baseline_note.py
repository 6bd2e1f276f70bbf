"""PARENT: the warnings of a run in words, one of them that its model is no better than the trivial baseline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from factory.core.scores import METRIC_WORDS, against, quoted


def warnings(trained: Mapping[str, Any]) -> list[str]:
    """Return the warnings about data and model, then one for each output on which a constant answer is as good.

    Args:
        trained: train/report.json, empty where training did not end.
    """
    part, _ = quoted(trained)
    return [*(trained.get("warnings") or ())] + [
        f"{output}: the model is no better than {comparison['answer']}: {against(comparison)} on the {part} rows"
        for output, comparison in (trained.get("baseline") or {}).items()
        if not comparison["better"]
    ]


def rows(trained: Mapping[str, Any]) -> Iterator[list[str]]:
    """Yield a table row for each output and metric: output, metric, model's value, baseline's value, the baseline."""
    for output, comparison in (trained.get("baseline") or {}).items():
        for name, scores in comparison["scores"].items():
            if scores["model"] is not None:
                values = (f"{scores[side]:.4f}" for side in ("model", "baseline"))
                yield [output, METRIC_WORDS.get(name, name), *values, comparison["answer"]]
