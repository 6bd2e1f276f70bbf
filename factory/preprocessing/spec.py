"""SHARED: The specification of fitted preprocessing: what becomes of each raw column, as data that every home compiles.

A table's columns become at most two tensors, ``numbers`` float32 and ``codes`` int32, and one tensor for each text
column. The same specification is read by polars in training, by numpy in `factory.preprocessing.reference`, and by the
export targets that carry it inside the artifact; all must give the same bits. The rules that make that possible:

- On the wire a column is float64 (NaN is missing) or text (the empty text is missing). Nothing is trimmed.
- Numbers are clipped, moved and divided in float64 and cast to float32 last.
- Lower case is that of ASCII alone.
- A cyclic part of a date-time is looked up in a table of 32-bit numbers, never computed as a sine.

Format: ``{"format": 1, "columns": [{"kind": ..., "name": ..., ...}], "outputs": [{"name", "labels"}]}``, the
fields of the classes below and of `factory.preprocessing.columns`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from factory.core.messages import wrong
from factory.core.signature import Tensor
from factory.preprocessing.columns import KINDS, CategoryColumn, Column, NumberColumn, TextColumn
from factory.preprocessing.strict_json import check_keys, items, read, require

FORMAT = 1
TENSORS = ("numbers", "codes")


@dataclass(frozen=True)
class Answer:
    """What an output of the model means to a client of raw rows.

    A classification ``risk`` answers with ``risk``, the most probable label (text or int64, ``(rows,)``), and with
    ``risk_probabilities`` float32 ``(rows, classes)`` in the order of the labels; a regression with its numbers.

    Args:
        name: of the output.
        labels: of a classification, in the order of the classes; None for a regression.
    """

    name: str
    labels: tuple[int | str, ...] | None

    def __post_init__(self) -> None:
        labels = self.labels
        distinct = labels is None or len(set(map(str, labels))) == len(labels) >= 1
        require(distinct, f"{self.name}.labels", labels, "labels that differ, or null")
        alike = labels is None or len({isinstance(label, str) for label in labels}) == 1
        require(alike, f"{self.name}.labels", labels, "texts alone or whole numbers alone")

    @property
    def names(self) -> tuple[str, ...]:
        """The names under which clients find the answer."""
        return (self.name,) if self.labels is None else (self.name, f"{self.name}_probabilities")

    def tensors(self, shape: tuple[int | None, ...]) -> tuple[Tensor, ...]:
        """Return the tensors that a client gets; ``shape`` is that of the model's output for one row."""
        if self.labels is None:
            return (Tensor(self.name, "float32", shape),)
        dtype = "int64" if isinstance(self.labels[0], int) else "string"
        label, numbers = self.names
        return Tensor(label, dtype, ()), Tensor(numbers, "float32", shape)


@dataclass(frozen=True)
class Preprocessing:
    """The fitted preprocessing of one table.

    Args:
        columns: in the order of the user's file.
        answers: in the order of the model's outputs.
    """

    columns: tuple[Column, ...]
    answers: tuple[Answer, ...]

    def __post_init__(self) -> None:
        names = [*(column.input for column in self.columns), *(name for a in self.answers for name in a.names)]
        twice = [name for name, count in Counter(names).items() if count > 1]
        require(not twice, "names of columns and outputs", twice[:1], "a different name for each")
        for column in self.columns:
            require(column.input.isascii() and column.input.isidentifier(), "input", column.input, "an identifier")
            require(column.input not in TENSORS, "input", column.input, f"no name of a tensor: {', '.join(TENSORS)}")

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """The tensors that the model takes, where there are any: ``numbers``, ``codes``, one for each text column."""
        numbers, codes = (sum(getattr(column, what) for column in self.columns) for what in ("numbers", "codes"))
        return (
            *([Tensor("numbers", "float32", (numbers,))] if numbers else []),
            *([Tensor("codes", "int32", (codes,))] if codes else []),
            *(column.tensor for column in self.texts),
        )

    @property
    def wires(self) -> tuple[Tensor, ...]:
        """The raw columns as clients send them, in order: ``float64`` or ``string`` of shape ``()`` for one row."""
        return tuple(Tensor(column.input, column.wire, ()) for column in self.columns)

    @property
    def coded(self) -> tuple[NumberColumn | CategoryColumn, ...]:
        """The columns that become codes, in the order of the tensor ``codes``."""
        return tuple(c for c in self.columns if isinstance(c, NumberColumn | CategoryColumn) and c.codes)

    @property
    def texts(self) -> tuple[TextColumn, ...]:
        """The columns that become tensors of their own, in order."""
        return tuple(column for column in self.columns if isinstance(column, TextColumn))

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "columns": [{"kind": column.kind, **asdict(column)} for column in self.columns],
            "outputs": [asdict(answer) for answer in self.answers],
        }

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Preprocessing:
        """Read what `to_json` wrote, and what anybody made of it.

        Raises:
            ValueError: it is not of this format, or a field is not what the classes of this module say; one line.
        """
        check_keys(fields, ("format", "columns", "outputs"), "preprocessing")
        require(fields["format"] == FORMAT, "preprocessing.format", fields["format"], str(FORMAT))
        columns, answers = (items(fields[key], f"preprocessing.{key}") for key in ("columns", "outputs"))
        return cls(
            tuple(_column(column, f"preprocessing.columns[{place}]") for place, column in enumerate(columns)),
            tuple(read(Answer, answer, f"preprocessing.outputs[{place}]") for place, answer in enumerate(answers)),
        )


def _column(node: Any, path: str) -> Column:
    """Return a column from its JSON."""
    kind = node.get("kind") if isinstance(node, Mapping) else None
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(wrong(f"{path}.kind", kind, ", ".join(KINDS), KINDS))
    return read(KINDS[kind], node, path, further=("kind",))
