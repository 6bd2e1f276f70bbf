"""CHILD: the declared callbacks, and our own: what a training tells while it runs, history.csv, checkpoints."""

from __future__ import annotations

import csv
import io
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from factory.config.declaration import Declaration
from factory.core.errors import TrainError
from factory.core.files import write_text
from factory.core.rundir import Emit
from factory.models.keras_objects import make_object
from factory.training.checkpoint import Checkpoint, Log, Progress

STEP_EVERY = 0.2  # seconds between two live events


def callbacks(declared: Sequence[Declaration]) -> list[keras.callbacks.Callback]:
    """The declared callbacks, in order."""
    return [make_object("callbacks", one, f"train.callbacks.{place}") for place, one in enumerate(declared or ())]


class Watch(keras.callbacks.Callback):
    """Goes last among the callbacks, so that what it saves is what they decided.

    Args:
        checkpoint: where each finished epoch is kept.
        progress: how far the training has come; grows.
        history: the CSV file, a row an epoch.
        seed: of the run; each epoch draws from one of its own, so that a resume need not know what was drawn before.
        emit: takes ``step`` and ``epoch`` events.
        rank: of this process among those that train together; the first alone writes.
    """

    def __init__(
        self, checkpoint: Checkpoint, progress: Progress, history: Path, seed: int, emit: Emit, rank: int = 0
    ) -> None:
        super().__init__()
        self.rank = rank
        self.checkpoint, self.progress, self.history, self.seed, self.emit = checkpoint, progress, history, seed, emit
        self.told = self.began = 0.0

    def on_train_begin(self, logs: Log | None = None) -> None:
        self.checkpoint.restore_callbacks()  # here, since Keras resets each callback at the start of training

    def on_epoch_begin(self, epoch: int, logs: Log | None = None) -> None:
        # Keras' dropout under torch draws from torch's global generator (keras 3.15), which no variable holds
        keras.utils.set_random_seed(int(np.random.SeedSequence([self.seed, epoch]).generate_state(1)[0]))
        self.began = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Log | None = None) -> None:
        now = time.perf_counter()
        if now - self.told >= STEP_EVERY:
            self.told = now
            self.emit(
                {"event": "step", "epoch": self.progress.epoch + 1, "step": batch + 1, **self.position(logs, now)}
            )

    def on_epoch_end(self, epoch: int, logs: Log | None = None) -> None:
        now = time.perf_counter()
        plain = {name: float(value) for name, value in (logs or {}).items()}
        if not math.isfinite(plain.get("loss", 0.0)):
            raise TrainError(
                f"train: the loss is {plain['loss']} after epoch {epoch + 1}; "
                "try a smaller optimizer.learning_rate or set optimizer.clipnorm"
            )
        self.progress.epoch = epoch + 1
        self.progress.stopped = bool(self.model.stop_training)
        self.progress.history.append({"epoch": epoch + 1, **plain, "seconds": round(now - self.began, 4)})
        if self.rank:
            return
        self.checkpoint.save(self.progress)
        write_text(self.history, as_csv(self.progress.history))
        self.emit({"event": "epoch", "epoch": epoch + 1, "step": self.params["steps"], **self.position(plain, now)})

    def position(self, logs: Log | None, now: float) -> dict[str, Any]:
        elapsed = max(now - self.began, 1e-9)
        return {
            "epochs": self.params["epochs"],
            "steps": self.params["steps"],
            "elapsed": round(elapsed, 4),
            "metrics": {name: round(float(value), 6) for name, value in (logs or {}).items()},
        }


def as_csv(history: list[Log]) -> str:
    table = io.StringIO()
    writer = csv.DictWriter(table, list(dict.fromkeys(name for row in history for name in row)), lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    return table.getvalue()
