"""CHILD: Checkpoints, from which a training resumes to the same weights as if it had never stopped.

``train/checkpoint/state.npz`` holds every variable of the model (random seeds included) and the optimizer, the history
so far and the plain attributes of each callback. One file, replaced atomically at the end of each epoch; no pickle.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

from factory.core.errors import TrainError
from factory.core.files import replacing_file
from factory.data.dataset import Array

Log = dict[str, float]


@dataclass
class Progress:
    """The progress of a training.

    Args:
        epoch: how many epochs are finished.
        history: the logged values of each.
        stopped: whether a callback ended the training after the last one.
    """

    epoch: int = 0
    history: list[Log] = field(default_factory=list)
    stopped: bool = False


class Checkpoint:
    """The checkpoint file of a training, to save and restore a compiled model and its callbacks.

    Args:
        folder: holds the one file, ``state.npz``.
        key: of the training; the checkpoint of another key is refused.
        model: compiled, its optimizer built.
        callbacks: the declared ones, in order.
    """

    def __init__(
        self, folder: Path, key: str, model: keras.Model, callbacks: Sequence[keras.callbacks.Callback]
    ) -> None:
        self.file = folder / "state.npz"
        self.key, self.model, self.callbacks = key, model, callbacks

    def save(self, progress: Progress) -> None:
        """Write the state of model, optimizer and callbacks, and the progress; replaces the last checkpoint."""
        arrays = {f"variable/{i}": as_numpy(v) for i, v in enumerate(variables(self.model))}
        plain: list[dict[str, Any]] = []
        for i, callback in enumerate(self.callbacks):
            scalars, lists = attributes(callback)
            plain.append(scalars)
            arrays.update({f"callback/{i}/{name}": array for name, array in lists.items()})
        state = {"key": self.key, "progress": asdict(progress), "callbacks": plain}
        with replacing_file(self.file) as temporary, open(temporary, "wb") as file:
            np.savez(file, state=np.array(json.dumps(state)), **arrays)  # type: ignore[arg-type]  # numpy's stub takes any name for allow_pickle

    def restore(self) -> Progress:
        """Restore the model and optimizer, and return the progress; without a checkpoint, return an empty progress.

        The callbacks follow in `restore_callbacks`, once Keras has reset them at the start of training.

        Raises:
            TrainError: the checkpoint belongs to another training.
        """
        if not self.file.exists():
            return Progress()
        with np.load(self.file, allow_pickle=False) as saved:
            state = json.loads(str(saved["state"]))
            current = variables(self.model)
            if state["key"] != self.key or len(current) != sum(name.startswith("variable/") for name in saved.files):
                raise TrainError(f"{self.file}: belongs to another training; remove it or give another hydra.run.dir")
            for i, variable in enumerate(current):
                variable.assign(saved[f"variable/{i}"].astype(as_numpy(variable).dtype))
        return Progress(**state["progress"])

    def restore_callbacks(self) -> None:
        """Restore the attributes of the callbacks; do nothing without a checkpoint."""
        if not self.file.exists():
            return
        with np.load(self.file, allow_pickle=False) as saved:
            plain = json.loads(str(saved["state"]))["callbacks"]
            for i, callback in enumerate(self.callbacks):
                for name, value in plain[i].items():
                    setattr(callback, name, value)
                weights: dict[str, list[Array]] = {}
                for name in (n for n in saved.files if n.startswith(f"callback/{i}/")):
                    weights.setdefault(name.split("/")[2], []).append(saved[name])
                for attribute, arrays in weights.items():
                    setattr(callback, attribute, arrays)


def variables(model: keras.Model) -> list[keras.Variable]:
    """Return the variables of a compiled model and its optimizer, random seeds included, in a reproducible order."""
    return [*model.variables, *model.optimizer.variables]


def attributes(callback: keras.callbacks.Callback) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return the state of a callback: its plain values, and its lists of arrays such as ``best_weights``.

    Arguments are not part of it, since the declaration gives them again: ReduceLROnPlateau flips the sign of
    ``min_delta`` whenever it is created.
    """
    given = {name for kind in type(callback).__mro__ for name in inspect.signature(kind).parameters}
    scalars: dict[str, Any] = {}
    arrays: dict[str, Array] = {}
    for name, value in vars(callback).items():
        if name in given or callable(value):
            continue
        if value is None or isinstance(value, (bool, int, float, str)):
            scalars[name] = value
        elif isinstance(value, np.generic):
            scalars[name] = value.item()
        elif isinstance(value, list) and value and all(hasattr(item, "shape") for item in value):
            arrays.update({f"{name}/{j:05d}": as_numpy(item) for j, item in enumerate(value)})
    return scalars, arrays


def as_numpy(value: Any) -> Array:
    """Return a tensor as an array that numpy can save: bfloat16 becomes float32, which is exact both ways."""
    array: Array = keras.ops.convert_to_numpy(value)
    return array.astype("float32") if array.dtype.kind == "V" or array.dtype.name == "bfloat16" else array
