"""PARENT: the schemas of the JSON files that only reports read; see `factory.core.documents`."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from factory.core.document_fields import Count, Document, Size, rule


class Judged(Document):
    """The evaluation of one classification output in train/evaluation.json."""

    task: Literal["classification"]
    rows: Count
    right: Count
    labels: list[Any]
    confusion: list[list[Count]] | None
    mistaken: list[list[Any]]
    scores: NotRequired[dict[str, float]]


class Column(Document):
    """The residuals of one column of a regression output; ``points`` are pairs of actual and predicted value."""

    mean: float
    deviation: float
    r2: float | None
    quantiles: dict[str, float]
    points: list[Annotated[list[float], Field(min_length=2, max_length=2)]]


class Regressed(Document):
    """The evaluation of one regression output in train/evaluation.json."""

    task: Literal["regression"]
    columns: list[Column]


def is_square(judged: Judged) -> bool:
    """Return whether a confusion matrix has a row and a column for each label."""
    size = len(judged["labels"])
    return judged["confusion"] is None or [len(row) for row in judged["confusion"]] == [size] * size


Classified = Annotated[Judged, rule(is_square, "a confusion matrix with a row and a column for each label")]
Evaluation = dict[str, Annotated[Classified | Regressed, Field(discriminator="task")]]
"""The schema of train/evaluation.json: output → its evaluation."""

Node = TypedDict(
    "Node",
    {
        "name": str,
        "kind": str,
        "shape": list[Size],
        "parameters": Count,
        "trainable": Count,
        "inside": Count,
        "from": list[str],
    },
)


def are_in_order(nodes: list[Node]) -> bool:
    """Return whether every node has a unique name and comes after the nodes that feed it."""
    known: set[str] = set()
    for node in nodes:
        if node["name"] in known or not known.issuperset(node["from"]):
            return False
        known.add(node["name"])
    return True


class Architecture(Document):
    """The schema of train/architecture.json: the model's graph of layers."""

    nodes: Annotated[list[Node], rule(are_in_order, "nodes with names of their own, each after those that feed it")]
    outputs: dict[str, str]
