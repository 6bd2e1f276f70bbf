"""CHILD: From a table as it was read to a source: its targets, what its columns are, and their raw values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from factory.core.errors import DataError
from factory.core.messages import listed, wrong
from factory.data.dataset import Array, Source, Task
from factory.data.tables.kinds import Inferred, infer_kind
from factory.data.tables.numbers import Notation
from factory.data.tables.raw import RawColumns
from factory.data.tables.table import Table, identifier
from factory.data.tables.targets import answers_of, infer_target, present, tasks_of
from factory.data.tables.wire import to_wire
from factory.preprocessing import declared as d

LEAST = 2
"""Rows of which one can be learnt from and the other judge."""


@dataclass(frozen=True)
class RawTable:
    """A table whose columns may be of any kind, as a data source returns it, and what is declared of them.

    Args:
        table: as it was read.
        target: the column to predict, several, or column → task.
        task: of targets that have none of their own; None infers it.
        columns: None takes all but the targets, names take these in order, a mapping declares some of all.
        notation: how numbers and what is missing are written.
        missing_target: ``drop`` leaves out rows without a target, ``refuse`` takes none.
        weight: the column that says how much each row counts in the loss.
        beside: columns that divide the rows, and are no features unless ``columns`` names them.
    """

    table: Table
    target: str | list[str] | Mapping[str, Task]
    task: Task | None = None
    columns: Sequence[str] | Mapping[str, Any] | None = None
    notation: Notation = field(default_factory=Notation)
    missing_target: str = "drop"
    weight: str | None = None
    beside: tuple[str, ...] = ()

    def to_source(self, like: Source | None = None) -> Source:
        """Return the source of these rows.

        Args:
            like: the source of the training rows, where these are rows of another part: what their columns are is not
                inferred again.

        Raises:
            DataError: a column is missing or holds what it should not; the problems of all columns at once.
        """
        tasks = tasks_of(self.target, self.task)
        self._check(list(tasks))
        table, note = self._with_targets(list(tasks))
        if like is None or not isinstance(like.raw, RawColumns):
            targets = tuple(infer_target(table, name, task, self.notation) for name, task in tasks.items())
            kinds = self._kinds(table, self._features(list(tasks)))
        else:
            targets, kinds = like.raw.targets, dict(like.raw.kinds)
        clients = {identifier(target.name): target for target in targets}
        return Source(
            name=table.name,
            inputs={},
            outputs={client: answers_of(table, target, self.notation) for client, target in clients.items()},
            tasks={client: target.task for client, target in clients.items()},
            extras={name: table.frame[name].to_numpy() for name in self.beside},
            where=lambda row, array, position: table.at(row, clients[array].name if array in clients else array),
            raw=RawColumns(table, kinds, targets, self._wire(table, kinds)),
            weights=None if self.weight is None else self._weights(table, self.weight),
            notes=(note,) if note else (),
        )

    def _check(self, targets: list[str]) -> None:
        """Refuse missing columns, those that are feature and target, and targets that clients cannot tell apart."""
        there = self.table.frame.columns
        named = [("data.target", name) for name in targets] + [("data.columns", name) for name in self.columns or ()]
        named += [("data.weight", self.weight)] if self.weight else []
        named += [("data.split", name) for name in self.beside]
        takes = f"a column of {self.table.name}: {listed(there)}"
        problems = [wrong(key, name, takes, there) for key, name in named if name not in there]
        problems += [
            wrong("data.columns", name, "no target: a model must not read what it predicts")
            for name in self.columns or ()
            if name in targets
        ]
        clients = [identifier(name) for name in targets]
        problems += [
            wrong(
                "data.target", name, f"columns of different names: to clients {identifier(name)!r} is another as well"
            )
            for name in targets
            if clients.count(identifier(name)) > 1
        ]
        if not problems and len(self.table) < LEAST:
            count = f"{len(self.table) or 'no'} row{'s' * (len(self.table) != 1)}"
            problems = [f"{self.table.name}: got {count} below the header; takes at least {LEAST}"]
        if problems:
            raise DataError(problems)

    def _with_targets(self, targets: list[str]) -> tuple[Table, str]:
        """Return the rows that have every target, and a line that counts the others."""
        given = pl.Series([True]).new_from_index(0, len(self.table))
        for name in targets:
            here = present(self.table, name, self.notation)
            if not here.any():
                raise DataError(f"{self.table.name}: column {name!r} is empty; takes a target in each row")
            given &= here
        if given.all():
            return self.table, ""
        first = int((~given).arg_true()[0])
        missing = next(name for name in targets if not present(self.table, name, self.notation)[first])
        if self.missing_target == "refuse":
            raise DataError(f"{self.table.at(first, missing)}: got nothing; takes a target in each row")
        count = int((~given).sum())
        return self.table.keep(given), (
            f"{count:,} of {len(self.table):,} rows have no {' or no '.join(map(repr, targets))} and are left out; "
            f"the first is {self.table.at(first, missing).partition(', column')[0]}"
        )

    def _features(self, targets: list[str]) -> list[str]:
        """Return the names of the columns that may be features, in order."""
        if self.columns is not None and not isinstance(self.columns, Mapping):
            return list(self.columns)
        left = {*targets, self.weight, *self.beside} - set(self.columns or ())
        return [name for name in self.table.frame.columns if name not in left]

    def _kinds(self, table: Table, features: list[str]) -> dict[str, Inferred]:
        """Return what each column is: as declared, else as its values say."""
        declared = d.parse_columns(self.columns) if isinstance(self.columns, Mapping) else {}
        kinds, problems = {}, []
        for name in features:
            if name in declared:
                kinds[name] = Inferred(declared[name], "declared")
                continue
            kinds[name] = found = infer_kind(name, table.frame[name], self.notation)
            if found.fault is not None:
                row, words = found.fault
                problems.append(f"{table.at(row, name)}: {words}")
        if not problems and all(kind.ignored for kind in kinds.values()):
            reasons = "; ".join(f"{name}: {kind.reason}" for name, kind in list(kinds.items())[:3])
            problems = [f"{table.name}: got no column to learn from; takes at least one ({reasons})"]
        if problems:
            raise DataError(problems)
        return kinds

    def _wire(self, table: Table, kinds: Mapping[str, Inferred]) -> pl.DataFrame:
        """Return the raw columns as clients send them."""
        absent = [name for name, kind in kinds.items() if not kind.ignored and name not in table.frame.columns]
        problems = [f"{table.name}: column {name!r} is missing; the training rows have it" for name in absent]
        made = [
            to_wire(table, name, kind.declared, self.notation)
            for name, kind in kinds.items()
            if not kind.ignored and name not in absent
        ]
        problems += [column for column in made if isinstance(column, str)]
        if problems:
            raise DataError(problems)
        return pl.DataFrame([column for column in made if isinstance(column, pl.Series)])

    def _weights(self, table: Table, name: str) -> Array:
        """Return how much each row counts, ``(rows,)`` float32."""
        read = to_wire(table, name, d.Number(), self.notation)
        if isinstance(read, str):
            raise DataError(read)
        weights = read.to_numpy()
        bad = np.flatnonzero(~(weights >= 0))
        if len(bad):
            raise DataError(f"{table.at(int(bad[0]), name)}: got {weights[bad[0]]}; takes a weight of at least 0")
        if not weights.sum():
            raise DataError(wrong("data.weight", name, "a column with a weight above 0"))
        return weights.astype(np.float32)
