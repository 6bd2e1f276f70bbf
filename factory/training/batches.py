"""CHILD: Batches of training rows, in an order that only the seed and the epoch decide.

The order is the same on every backend and after every resume.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from factory.data.dataset import Array, Rows


class Batches(keras.utils.PyDataset):
    """Batches of rows that are shuffled anew in each epoch.

    Keras' own shuffling draws from a generator that a resume could not restore.

    Args:
        rows: the training rows.
        batch_size: rows in a batch; the last one of an epoch may be smaller.
        seed: of the order.
        epoch: the first epoch that will be read, counted from 0.
        weights: output name → weight of each class in the loss ``(classes,)``, float32; None weighs all rows alike.
        part: index and number of parts where several processes share each batch: 5 rows in 3 parts are 2, 2, 1.
    """

    def __init__(
        self,
        rows: Rows,
        batch_size: int,
        *,
        seed: int,
        epoch: int,
        weights: Mapping[str, Array] | None,
        part: tuple[int, int] = (0, 1),
    ) -> None:
        super().__init__()
        self.rows, self.batch_size, self.seed, self.epoch = rows, batch_size, seed, epoch
        self.weights, self.part = weights, part
        self.order = self.shuffled()

    def shuffled(self) -> Array:
        """Return the order of the rows in the current epoch, ``(rows,)`` indices."""
        return np.random.default_rng([self.seed, self.epoch]).permutation(len(self.rows))

    def __len__(self) -> int:
        return math.ceil(len(self.rows) / self.batch_size)

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        """Return our part of a batch: inputs, outputs and, with class weights, weights ``(rows,)``, each by name."""
        number, parts = self.part
        whole = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        size = math.ceil(len(whole) / parts)
        picked = whole[number * size : (number + 1) * size]
        inputs = {name: array[picked] for name, array in self.rows.inputs.items()}
        outputs = {name: array[picked] for name, array in self.rows.outputs.items()}
        if self.weights is None:
            return inputs, outputs
        weights = {
            name: self.weights[name][labels] if name in self.weights else np.ones(len(picked), "float32")
            for name, labels in outputs.items()
        }
        return inputs, outputs, weights

    def on_epoch_end(self) -> None:
        """Go on to the next epoch's order."""
        self.epoch += 1
        self.order = self.shuffled()
