"""CHILD: one device, as Keras takes it by itself, and what those that are several have in common."""

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
    """Nothing special.

    Args:
        emit: takes live events.
        count: of the devices.
        rank: of this process among those that train; 0 is the one that tells and writes.
        processes: that train; each takes its part of a batch from `Batches`.
    """

    def __init__(self, emit: Emit, *, count: int = 1, rank: int = 0, processes: int = 1) -> None:
        self.emit, self.count, self.rank, self.processes = emit, count, rank, processes

    def scope(self) -> AbstractContextManager[Any]:
        """What the model is made and fitted in."""
        return nullcontext()

    def attach(
        self, model: keras.Model, batches: Batches, declared: Sequence[keras.callbacks.Callback]
    ) -> list[keras.callbacks.Callback]:
        """Make ready for ``fit``.

        Args:
            model: compiled and restored.
            batches: it will be fitted on.
            declared: the callbacks of the config.

        Returns:
            Callbacks that go between the declared ones and ours.
        """
        return []

    def share(self, rows: Rows) -> Rows:
        """The rows that this process judges the model by; all of them are judged by all processes together."""
        return rows

    def home(self, model: keras.Model, make: Callable[[], keras.Model]) -> keras.Model:
        """The trained model on one device, for evaluation and hand-off; every other process ends here.

        Args:
            model: after ``fit``, outside of the scope.
            make: a new one, compiled like it.
        """
        return model


def deal(batches: Batches, count: int) -> None:
    """Refuse a last batch that leaves a device without a row, of which neither frameworks nor Keras know what to make.

    Raises:
        ConfigError: one line.
    """
    last = len(batches.rows) % batches.batch_size or batches.batch_size
    if last <= (count - 1) * math.ceil(last / count):
        rows = "row" if last == 1 else "rows"
        takes = f"one that leaves each of {count} devices a part of the last batch, which has {last} {rows}"
        raise ConfigError(wrong("train.batch_size", batches.batch_size, takes))


class SeveralDevices(OneDevice):
    """Base of a backend's own way."""

    def home(self, model: keras.Model, make: Callable[[], keras.Model]) -> keras.Model:
        """What is handed off is a model that never knew of other devices: made anew, and given the trained values."""
        values = [as_numpy(variable) for variable in variables(model)]
        keras.utils.clear_session()  # names begin anew
        fresh = make()
        for variable, value in zip(variables(fresh), values, strict=True):
            variable.assign(value.astype(as_numpy(variable).dtype))
        return fresh
