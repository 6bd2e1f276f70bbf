"""CHILD: The declared Keras callbacks, and our own that writes events, history.csv and checkpoints."""

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
    """Create the declared callbacks, in order.

    Raises:
        ConfigError: there is no such callback, or Keras refuses its arguments.
    """
    return [make_object("callbacks", item, f"train.callbacks.{i}") for i, item in enumerate(declared or ())]


class Watch(keras.callbacks.Callback):
    """The callback that emits events, writes history.csv and saves a checkpoint after each epoch.

    It goes last among the callbacks, so that it saves what the others decided.

    Args:
        checkpoint: saves each finished epoch.
        progress: how far the training has come; updated after each epoch.
        history: the CSV file, one row an epoch.
        seed: of the run; each epoch has a seed of its own, so that a resume need not restore what was drawn before.
        emit: takes ``step`` and ``epoch`` events.
        rank: of this process among those that train together; only rank 0 writes.
    """

    def __init__(
        self, checkpoint: Checkpoint, progress: Progress, history: Path, seed: int, emit: Emit, rank: int = 0
    ) -> None:
        super().__init__()
        self.rank = rank
        self.checkpoint, self.progress, self.history, self.seed, self.emit = checkpoint, progress, history, seed, emit
        self.last_event = self.began = 0.0  # seconds of time.perf_counter()

    def on_train_begin(self, logs: Log | None = None) -> None:
        """Restore the state of the callbacks from the checkpoint."""
        self.checkpoint.restore_callbacks()  # here, since Keras resets each callback at the start of training

    def on_epoch_begin(self, epoch: int, logs: Log | None = None) -> None:
        """Seed all random generators for the epoch."""
        # Keras' dropout under torch draws from torch's global generator (keras 3.15), which no variable holds
        keras.utils.set_random_seed(int(np.random.SeedSequence([self.seed, epoch]).generate_state(1)[0]))
        self.began = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Log | None = None) -> None:
        """Emit a ``step`` event, at most one every `STEP_EVERY` seconds."""
        now = time.perf_counter()
        if now - self.last_event >= STEP_EVERY:
            self.last_event = now
            self.emit(
                {"event": "step", "epoch": self.progress.epoch + 1, "step": batch + 1, **self.position(logs, now)}
            )

    def on_epoch_end(self, epoch: int, logs: Log | None = None) -> None:
        """Save the epoch and emit an ``epoch`` event.

        Raises:
            TrainError: the loss is not finite.
        """
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
        """Return what each event says of the training: epochs and steps in all, seconds in this epoch, metrics."""
        elapsed = max(now - self.began, 1e-9)
        return {
            "epochs": self.params["epochs"],
            "steps": self.params["steps"],
            "elapsed": round(elapsed, 4),
            "metrics": {name: round(float(value), 6) for name, value in (logs or {}).items()},
        }


def as_csv(history: list[Log]) -> str:
    """Return the history as CSV, one row an epoch."""
    table = io.StringIO()
    writer = csv.DictWriter(table, list(dict.fromkeys(name for row in history for name in row)), lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    return table.getvalue()
