"""PARENT: what the files that only reports read must hold; see `factory.core.documents`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field
from typing_extensions import TypedDict

from factory.core.documents import Count, Document, Size, rule


class Judged(Document):
    """A classification of train/evaluation.json."""

    task: Literal["classification"]
    rows: Count
    right: Count
    labels: list[Any]
    confusion: list[list[Count]] | None
    mistaken: list[list[Any]]


class Column(Document):
    mean: float
    deviation: float
    r2: float | None
    quantiles: dict[str, float]
    points: list[Annotated[list[float], Field(min_length=2, max_length=2)]]


class Regressed(Document):
    """A regression of train/evaluation.json."""

    task: Literal["regression"]
    columns: list[Column]


def is_square(judged: Judged) -> bool:
    """Whether a confusion matrix has a row and a column for each label."""
    size = len(judged["labels"])
    return judged["confusion"] is None or [len(row) for row in judged["confusion"]] == [size] * size


Classified = Annotated[Judged, rule(is_square, "a confusion matrix with a row and a column for each label")]
Evaluation = dict[str, Annotated[Classified | Regressed, Field(discriminator="task")]]
"""train/evaluation.json: output → how it was judged."""

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
    """Whether every call of a layer has a name of its own and follows those that feed it."""
    known: set[str] = set()
    for node in nodes:
        if node["name"] in known or not known.issuperset(node["from"]):
            return False
        known.add(node["name"])
    return True


class Architecture(Document):
    """train/architecture.json."""

    nodes: Annotated[list[Node], rule(are_in_order, "nodes with names of their own, each after those that feed it")]
    outputs: dict[str, str]
