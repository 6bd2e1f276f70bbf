"""CHILD: The interface of the devices that a training uses: a single one, and the base of data-parallel ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import keras

from factory.core.errors import ConfigError
from factory.core.messages import wrong
from factory.core.rundir import Emit
from factory.data.dataset import Rows
from factory.training.batches import Batches
from factory.training.checkpoint import as_numpy, variables


class OneDevice:
    """A single device, which Keras uses without any preparation; the interface of all kinds of devices.

    Args:
        emit: takes live events.
        count: number of devices.
        rank: of this process among those that train; rank 0 alone emits events and writes files.
        processes: number of processes that train; each takes its part of a batch from `Batches`.
    """

    def __init__(self, emit: Emit, *, count: int = 1, rank: int = 0, processes: int = 1) -> None:
        self.emit, self.count, self.rank, self.processes = emit, count, rank, processes

    def scope(self) -> AbstractContextManager[Any]:
        """Return the context in which the model is built and fitted."""
        return nullcontext()

    def attach(
        self, model: keras.Model, batches: Batches, declared: Sequence[keras.callbacks.Callback]
    ) -> list[keras.callbacks.Callback]:
        """Prepare a model for ``fit`` on these devices.

        Args:
            model: compiled and restored from its checkpoint.
            batches: that it will be fitted on.
            declared: the callbacks of the config.

        Returns:
            Callbacks to add between the declared ones and `Watch`.

        Raises:
            ConfigError: the batches cannot be divided over the devices.
        """
        return []

    def share(self, rows: Rows) -> Rows:
        """Return the part of the validation rows that this process evaluates; together the processes cover all."""
        return rows

    def home(self, model: keras.Model, make: Callable[[], keras.Model]) -> keras.Model:
        """Return the trained model on a single device, for evaluation and hand-off; all processes but rank 0 end here.

        Args:
            model: after ``fit``, outside of the scope.
            make: builds and compiles the same model anew.
        """
        return model


def refuse_empty_shares(batches: Batches, count: int) -> None:
    """Refuse a batch size whose last batch leaves a device without a row, which the frameworks cannot handle.

    Args:
        batches: of the training rows.
        count: number of devices.

    Raises:
        ConfigError: the last batch has too few rows.
    """
    last = len(batches.rows) % batches.batch_size or batches.batch_size
    if last <= (count - 1) * math.ceil(last / count):
        rows = "row" if last == 1 else "rows"
        takes = f"one that leaves each of {count} devices a part of the last batch, which has {last} {rows}"
        raise ConfigError(wrong("train.batch_size", batches.batch_size, takes))


class SeveralDevices(OneDevice):
    """The base of the devices of each backend, where several share each batch."""

    def home(self, model: keras.Model, make: Callable[[], keras.Model]) -> keras.Model:
        """Return a new model with the trained values, which bears no trace of the other devices."""
        values = [as_numpy(variable) for variable in variables(model)]
        keras.utils.clear_session()  # so that automatic names are numbered from the start
        fresh = make()
        for variable, value in zip(variables(fresh), values, strict=True):
            variable.assign(value.astype(as_numpy(variable).dtype))
        return fresh
