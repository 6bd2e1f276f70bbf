"""CHILD: Losses and metrics that want one-hot targets, for labels that are class indices.

Labels are int32 ``(rows,)`` everywhere in this package; `CategoricalFocalCrossentropy`, `F1Score`, `AUC` and most
others of Keras compare ``(rows, classes)`` with the model's softmax. These two turn the one into the other.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

INDEXED = {"ctc", "circle", "iou", "meaniou", "mean", "sum"}
"""Take class indices, or no targets at all, though their names do not begin with Sparse."""


def takes_indices(name: str) -> bool:
    """Whether a loss or metric of this Keras name compares class indices itself."""
    return name.lower().startswith("sparse") or name.lower() in INDEXED


@keras.saving.register_keras_serializable(package="factory")
class OneHotLoss(keras.losses.Loss):
    """A loss on one-hot targets, given class indices.

    Args:
        inner: a Keras loss.
        classes: width of the targets.
        arguments: name, reduction and dtype, by default the inner loss's.
    """

    def __init__(self, inner: Any, classes: int, **arguments: Any) -> None:
        super().__init__(**{"name": inner.name, "reduction": inner.reduction, **arguments})
        self.inner, self.classes = inner, classes

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """``(batch,)`` or ``(batch, 1)`` indices and ``(batch, classes)`` → ``(batch,)``."""
        return self.inner.call(_one_hot(y_true, self.classes, y_pred.dtype), y_pred)

    def get_config(self) -> dict[str, Any]:
        inner = keras.saving.serialize_keras_object(self.inner)
        return {**super().get_config(), "inner": inner, "classes": self.classes}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> OneHotLoss:
        return cls(**{**config, "inner": keras.saving.deserialize_keras_object(config["inner"])})


@keras.saving.register_keras_serializable(package="factory")
class OneHotMetric(keras.metrics.Metric):
    """A metric on one-hot targets, given class indices.

    Args:
        inner: a Keras metric; its variables are this one's.
        classes: width of the targets.
        arguments: name and dtype, by default the inner metric's.
    """

    def __init__(self, inner: Any, classes: int, **arguments: Any) -> None:
        super().__init__(**{"name": inner.name, **arguments})
        self.inner, self.classes = inner, classes

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """``(batch,)`` or ``(batch, 1)`` indices, ``(batch, classes)`` and weights ``(batch,)``."""
        targets = _one_hot(y_true, self.classes, "float32")
        return self.inner.update_state(targets, y_pred, sample_weight=sample_weight)

    def result(self) -> Any:
        return self.inner.result()

    def reset_state(self) -> None:
        self.inner.reset_state()

    def get_config(self) -> dict[str, Any]:
        inner = keras.saving.serialize_keras_object(self.inner)
        return {"name": self.name, "inner": inner, "classes": self.classes}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> OneHotMetric:
        return cls(**{**config, "inner": keras.saving.deserialize_keras_object(config["inner"])})


def _one_hot(indices: Any, classes: int, dtype: str) -> Any:
    """A loss is handed indices as floats, ``(batch,)`` or, by Keras' own reshaping, ``(batch, 1)``."""
    return ops.one_hot(ops.reshape(ops.cast(indices, "int32"), (-1,)), classes, dtype=dtype)
