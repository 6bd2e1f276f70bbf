"""Run with KERAS_BACKEND set: a training that EarlyStopping ended is restored, and only its ending is done again.

Prints one JSON object: whether both ways give the same weights, and the epochs of each.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import keras
import numpy as np

from factory.data.dataset import Rows
from factory.training.batches import Batches
from factory.training.callback import Watch
from factory.training.checkpoint import Checkpoint, Progress

RANDOM = np.random.default_rng(0)
ROWS = Rows({"x": RANDOM.normal(size=(64, 4)).astype("float32")}, {"y": RANDOM.normal(size=(64, 1)).astype("float32")})


def trained(folder: Path) -> tuple[list[np.ndarray], Progress]:
    """Train in this folder, from its checkpoint if there is one."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(7)
    inputs = keras.Input((4,), name="x")
    hidden = keras.layers.Dropout(0.5)(keras.layers.Dense(8, activation="relu")(inputs))
    model = keras.Model({"x": inputs}, {"y": keras.layers.Dense(1)(hidden)})
    model.compile(keras.optimizers.Adam(0.1), {"y": "mse"})
    model.optimizer.build(model.trainable_variables)
    # mode "max": a loss that falls never gets better, so the first epoch is the best and the third the last
    stop = keras.callbacks.EarlyStopping("loss", mode="max", patience=2, restore_best_weights=True)
    checkpoint = Checkpoint(folder, "key", model, [stop])
    progress = checkpoint.restore()
    model.fit(
        Batches(ROWS, 16, seed=0, epoch=progress.epoch, weights=None),
        initial_epoch=progress.epoch,
        epochs=progress.epoch if progress.stopped else 20,
        callbacks=[stop, Watch(checkpoint, progress, folder / "history.csv", 0, lambda _: None)],
        verbose=0,
    )
    return [keras.ops.convert_to_numpy(v) for v in model.trainable_variables], progress


first, once = trained(Path(sys.argv[1]))
again, twice = trained(Path(sys.argv[1]))
same = all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
print(json.dumps({"same": same, "once": once.epoch, "twice": twice.epoch, "stopped": twice.stopped}))
