"""CHILD: Batches of rows: of training rows in an order that only seed and epoch decide, of others in their own.

The order is the same on every backend and after every resume: a new permutation of all rows in each epoch, also where
the rows are not in memory. Those are read, and training rows augmented, ahead of their use in background threads.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import keras
import numpy as np

from factory.core.process import threads
from factory.data.dataset import Array, Rows
from factory.training.augmentation import Augmentation

AHEAD = 2
"""Batches that wait, ready, for each thread."""


class Batches(keras.utils.PyDataset):
    """Batches of rows, which are shuffled anew in each epoch where there is a seed.

    Keras' own shuffling draws from a generator that a resume could not restore, and its own prefetching ends each epoch
    with a pause (3.15).

    Args:
        rows: in memory or stored.
        batch_size: rows in a batch; the last one of an epoch may be smaller.
        seed: of the order and of the augmentation; None leaves the rows in their order.
        epoch: the first epoch that will be read, counted from 0.
        weights: output name → weight of each class in the loss ``(classes,)``, float32, by which the rows' own weights
            are multiplied; None weighs all classes alike.
        part: index and number of parts where several processes share each batch: 5 rows in 3 parts are 2, 2, 1.
        augmentation: of the images; None leaves them.
    """

    def __init__(
        self,
        rows: Rows,
        batch_size: int,
        *,
        seed: int | None,
        epoch: int = 0,
        weights: Mapping[str, Array] | None = None,
        part: tuple[int, int] = (0, 1),
        augmentation: Augmentation | None = None,
    ) -> None:
        super().__init__()
        self.rows, self.batch_size, self.seed, self.epoch = rows, batch_size, seed, epoch
        self.weights, self.part, self.augmentation = weights, part, augmentation
        self.order = self.shuffled()
        busy = rows.stored or augmentation is not None
        self.pool = ThreadPoolExecutor(threads(), "batches") if busy else None
        self.waiting: dict[int, Future[tuple[Any, ...]]] = {}

    def shuffled(self) -> Array:
        """Return the order of the rows in the current epoch, ``(rows,)`` indices."""
        if self.seed is None:
            return np.arange(len(self.rows))
        return np.random.default_rng([self.seed, self.epoch]).permutation(len(self.rows))

    def __len__(self) -> int:
        return math.ceil(len(self.rows) / self.batch_size)

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        """Return our part of a batch: inputs, outputs and, where there are any, weights ``(rows,)``, each by name."""
        if self.pool is None:
            return self.batch(index)
        ready = self.waiting.pop(index, None)
        for later in range(index + 1, min(index + 1 + AHEAD * threads(), len(self))):
            if later not in self.waiting:
                self.waiting[later] = self.pool.submit(self.batch, later)
        return self.batch(index) if ready is None else ready.result()

    def batch(self, index: int) -> tuple[Any, ...]:
        """Read, augment and weigh our part of a batch; called from several threads."""
        number, parts = self.part
        whole = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        size = math.ceil(len(whole) / parts)
        picked = whole[number * size : (number + 1) * size]
        rows = self.rows.read(picked)
        inputs, outputs = rows.inputs, rows.outputs
        if self.augmentation is not None:
            inputs, outputs = self.augmentation.apply(inputs, outputs, [self.seed or 0, self.epoch], picked)
        if self.weights is None and self.rows.weights is None:
            return inputs, outputs
        own = np.ones(len(picked), "float32") if self.rows.weights is None else self.rows.weights[picked]
        classes = self.weights or {}
        weights = {name: weighed(own, labels, classes.get(name)) for name, labels in outputs.items()}
        return inputs, outputs, weights

    def on_epoch_end(self) -> None:
        """Go on to the next epoch's order."""
        for unused in self.waiting.values():  # an epoch that was ended early
            unused.cancel()
        self.waiting = {}
        self.epoch += 1
        self.order = self.shuffled()


def weighed(own: Array, labels: Array, classes: Array | None) -> Array:
    """Return the weights of the rows times those of their classes.

    Args:
        own: weight of each row ``(rows,)``.
        labels: class index of each row ``(rows,)``, or of each pixel ``(rows, height, width)``.
        classes: weight of each class ``(classes,)``; None weighs all alike.

    Returns:
        ``(rows,)``, or with class weights of the shape of the labels.
    """
    return own if classes is None else own.reshape(-1, *[1] * (labels.ndim - 1)) * classes[labels]
