"""CHILD: The raw columns of a table on the wire, from which preprocessing is fitted and a model's inputs are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from factory.data.dataset import Array
from factory.data.tables.kinds import Inferred
from factory.data.tables.table import Table
from factory.data.tables.targets import Target
from factory.preprocessing.fit import fit
from factory.preprocessing.polars_encoder import encode
from factory.preprocessing.spec import Answer, Preprocessing


@dataclass(frozen=True)
class RawColumns:
    """The raw columns of a table, and what they are.

    Args:
        table: that they are of, for errors.
        kinds: column → what it is, also of those that are ignored.
        targets: what is asked for.
        frame: the columns that are not ignored, Float64 or String.
    """

    table: Table
    kinds: Mapping[str, Inferred]
    targets: tuple[Target, ...]
    frame: pl.DataFrame

    def __len__(self) -> int:
        return len(self.frame)

    def fit(self, rows: Array, answers: tuple[Answer, ...]) -> Preprocessing:
        """Fit preprocessing on the training rows.

        Args:
            rows: their places ``(n,)``.
            answers: what the outputs mean to clients.
        """
        declared = {name: kind.declared for name, kind in self.kinds.items() if not kind.ignored}
        return fit(declared, self.frame[rows], answers, lambda row, column: self.table.at(int(rows[row]), column))

    def encode(self, fitted: Preprocessing, rows: Array) -> dict[str, Array]:
        """Return the model's inputs of the rows at these places, input → ``(n, ...)``."""
        return encode(fitted, self.frame[rows])

    def wires(self, fitted: Preprocessing, rows: Array) -> dict[str, Array]:
        """Return raw rows as clients send them, column input → float64 or text (an array of objects) ``(n,)``."""
        frame = self.frame[rows]
        return {
            column.input: frame[column.name].to_numpy()
            if column.wire == "float64"
            else np.array(frame[column.name].to_list(), dtype=object)
            for column in fitted.columns
        }

    def describe(self) -> list[dict[str, Any]]:
        """Return name, kind and reason of each column, the targets first."""
        targets = [{"name": t.name, "kind": "target", "task": t.task, "reason": t.reason} for t in self.targets]
        return [
            *targets,
            *({"name": name, "kind": kind.declared.kind, "reason": kind.reason} for name, kind in self.kinds.items()),
        ]
