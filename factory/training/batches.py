"""CHILD: Training rows in an order that the seed and the epoch decide: the same on every backend and after every
resume."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from factory.data.dataset import Array, Rows


class Batches(keras.utils.PyDataset):
    """Batches of shuffled rows; Keras' own shuffling draws from a generator that a resume could not restore.

    Args:
        rows: the training rows.
        batch_size: rows a batch; the last one of an epoch may be smaller.
        seed: of the order.
        epoch: the first epoch that will be read, counted from 0.
        weights: weight of each class by output name, arrays of shape ``(classes,)``; applies to the loss.
        part: which part of each batch, of how many: 5 rows in 3 parts are 2, 2, 1.
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
        return np.random.default_rng([self.seed, self.epoch]).permutation(len(self.rows))

    def __len__(self) -> int:
        return math.ceil(len(self.rows) / self.batch_size)

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        place, parts = self.part
        whole = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        each = math.ceil(len(whole) / parts)
        picked = whole[place * each : (place + 1) * each]
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
        self.epoch += 1
        self.order = self.shuffled()
