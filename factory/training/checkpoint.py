"""CHILD: A checkpoint a training continues from, to the same weights as if it had never stopped.

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
from factory.core.files import replacing
from factory.data.dataset import Array

Log = dict[str, float]


@dataclass
class Progress:
    """How far a training has come.

    Args:
        epoch: how many epochs are finished.
        history: what was logged of each.
        stopped: whether a callback ended the training after the last one.
    """

    epoch: int = 0
    history: list[Log] = field(default_factory=list)
    stopped: bool = False


class Checkpoint:
    """Saves and restores a compiled model and its callbacks.

    Args:
        folder: where the one file lies.
        key: of the training; a checkpoint of another one is refused.
        model: compiled, its optimizer built.
        callbacks: the declared ones, in order.
    """

    def __init__(
        self, folder: Path, key: str, model: keras.Model, callbacks: Sequence[keras.callbacks.Callback]
    ) -> None:
        self.file = folder / "state.npz"
        self.key, self.model, self.callbacks = key, model, callbacks

    def save(self, progress: Progress) -> None:
        arrays = {f"variable/{i}": as_numpy(v) for i, v in enumerate(variables(self.model))}
        plain: list[dict[str, Any]] = []
        for i, callback in enumerate(self.callbacks):
            scalars, found = attributes(callback)
            plain.append(scalars)
            arrays.update({f"callback/{i}/{name}": array for name, array in found.items()})
        state = {"key": self.key, "progress": asdict(progress), "callbacks": plain}
        with replacing(self.file) as temporary, open(temporary, "wb") as file:
            np.savez(file, state=np.array(json.dumps(state)), **arrays)  # type: ignore[arg-type]  # as in handoff

    def restore(self) -> Progress:
        """Put the model back as it was; a fresh start where nothing was saved.

        The callbacks follow in `restore_callbacks`, once Keras has reset them at the start of training.

        Raises:
            TrainError: the file belongs to another training.
        """
        if not self.file.exists():
            return Progress()
        with np.load(self.file, allow_pickle=False) as saved:
            state = json.loads(str(saved["state"]))
            here = variables(self.model)
            if state["key"] != self.key or len(here) != sum(name.startswith("variable/") for name in saved.files):
                raise TrainError(f"{self.file}: belongs to another training; remove it or give another hydra.run.dir")
            for i, variable in enumerate(here):
                variable.assign(saved[f"variable/{i}"].astype(as_numpy(variable).dtype))
        return Progress(**state["progress"])

    def restore_callbacks(self) -> None:
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
    """Of a compiled model and its optimizer, random seeds included, in an order that depends on the config alone."""
    return [*model.variables, *model.optimizer.variables]


def attributes(callback: keras.callbacks.Callback) -> tuple[dict[str, Any], dict[str, Array]]:
    """What a callback remembers: its plain values, and its lists of arrays such as ``best_weights``.

    Not its arguments, which the declaration gives again: ReduceLROnPlateau turns the sign of ``min_delta`` each time.
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
    """The value as an array numpy can save: bfloat16, which it cannot, as float32 (exact both ways)."""
    array: Array = keras.ops.convert_to_numpy(value)
    return array.astype("float32") if array.dtype.kind == "V" or array.dtype.name == "bfloat16" else array
