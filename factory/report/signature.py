"""PARENT: What clients send to a model and get from it, as rows of tables and lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from factory.report.pages import plain


def tensors(trained: Mapping[str, Any]) -> Iterator[list[str]]:
    """Yield a row for each tensor that clients know: input or output, name, dtype, shape, labels of a classification.

    Where the data has preprocessing they are raw columns and answers.
    """
    if not trained:
        return
    labels = {output["name"]: output["labels"] for output in trained["data"]["outputs"]}
    for way, named in (trained.get("raw") or trained["signature"]).items():
        for tensor in named:
            size = plain(["batch", *("?" if n is None else n for n in tensor["shape"])])
            yield [
                way.removesuffix("s"),
                tensor["name"],
                tensor["dtype"],
                size,
                plain(labels.get(tensor["name"]) or ""),
            ]


def carrying(targets: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield a line for each target of data with preprocessing: whether it takes raw columns, and what that costs."""
    for name, target in targets.items():
        if target.get("encoded"):
            yield f"{name} takes encoded inputs; preprocessing.py beside it makes them of raw rows"
        elif encoded := target.get("latency_encoded"):
            batch, seconds = list(target["latency"].items())[-1]
            times = seconds / encoded[batch] if encoded[batch] else 1.0
            yield f"{name} takes raw columns; a batch of {batch} takes {times:.1f} times as long as encoded inputs"
