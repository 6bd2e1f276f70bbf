"""CHILD: Wrappers that let Keras losses and metrics of one-hot targets take class indices.

Labels are int32 ``(rows,)`` everywhere in this package; `CategoricalFocalCrossentropy`, `F1Score`, `AUC` and most
others of Keras compare ``(rows, classes)`` with the model's softmax. The two wrappers convert the former to the latter.
"""

from __future__ import annotations

from typing import Any, Self

import keras
from keras import ops

INDEXED = {"ctc", "circle", "iou", "meaniou", "mean", "sum"}
"""Losses and metrics that take class indices, or no targets at all, though their names do not begin with Sparse."""


def takes_indices(name: str) -> bool:
    """Return whether the Keras loss or metric of this name takes class indices itself."""
    return name.lower().startswith("sparse") or name.lower() in INDEXED


@keras.saving.register_keras_serializable(package="factory")
class OneHotLoss(keras.losses.Loss):
    """A Keras loss of one-hot targets that takes class indices.

    Args:
        inner: a Keras loss.
        classes: number of classes, the width of the one-hot targets.
        arguments: name, reduction and dtype, by default the inner loss's.
    """

    def __init__(self, inner: Any, classes: int, **arguments: Any) -> None:
        super().__init__(**{"name": inner.name, "reduction": inner.reduction, **arguments})
        self.inner, self.classes = inner, classes

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each row ``(batch,)``, or of each pixel ``(batch, height, width)``.

        Args:
            y_true: class indices ``(batch,)`` or ``(batch, 1)``, or of each pixel ``(batch, height, width)``.
            y_pred: probabilities ``(batch, classes)`` or ``(batch, height, width, classes)``.
        """
        losses = self.inner.call(_one_hot(y_true, self.classes, y_pred.dtype), _by_decision(y_pred, self.classes))
        return ops.reshape(losses, ops.shape(y_pred)[:-1])

    def get_config(self) -> dict[str, Any]:
        inner = keras.saving.serialize_keras_object(self.inner)
        return {**super().get_config(), "inner": inner, "classes": self.classes}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> OneHotLoss:
        return cls(**{**config, "inner": keras.saving.deserialize_keras_object(config["inner"])})


@keras.saving.register_keras_serializable(package="factory")
class PixelLoss(keras.losses.Loss):
    """A Keras loss of class indices, computed for each pixel as if it were a row.

    Keras' sparse cross-entropy of images fails in the backward pass under torch (3.15, 2.13).

    Args:
        inner: a Keras loss that takes class indices.
        arguments: name, reduction and dtype, by default the inner loss's.
    """

    def __init__(self, inner: Any, **arguments: Any) -> None:
        super().__init__(**{"name": inner.name, "reduction": inner.reduction, **arguments})
        self.inner = inner

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each pixel ``(batch, height, width)``.

        Args:
            y_true: class indices ``(batch, height, width)``.
            y_pred: probabilities ``(batch, height, width, classes)``.
        """
        losses = self.inner.call(ops.reshape(y_true, (-1,)), _by_decision(y_pred, y_pred.shape[-1]))
        return ops.reshape(losses, ops.shape(y_pred)[:-1])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "inner": keras.saving.serialize_keras_object(self.inner)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> PixelLoss:
        return cls(**{**config, "inner": keras.saving.deserialize_keras_object(config["inner"])})


class IndexedMetric(keras.metrics.Metric):
    """A metric that takes class indices and computes a Keras metric from them; its kinds say what that one is given.

    Args:
        inner: a Keras metric; its variables are this one's.
        arguments: name and dtype, by default the inner metric's.
    """

    def __init__(self, inner: Any, **arguments: Any) -> None:
        super().__init__(**{"name": inner.name, **arguments})
        self.inner = inner

    def result(self) -> Any:
        return self.inner.result()

    def reset_state(self) -> None:
        self.inner.reset_state()

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "inner": keras.saving.serialize_keras_object(self.inner)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        return cls(**{**config, "inner": keras.saving.deserialize_keras_object(config["inner"])})


@keras.saving.register_keras_serializable(package="factory")
class OneHotMetric(IndexedMetric):
    """A Keras metric of one-hot targets that takes class indices.

    Args:
        inner: a Keras metric; its variables are this one's.
        classes: number of classes, the width of the one-hot targets.
        arguments: name and dtype, by default the inner metric's.
    """

    def __init__(self, inner: Any, classes: int, **arguments: Any) -> None:
        super().__init__(inner, **arguments)
        self.classes = classes

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Update the inner metric.

        Args:
            y_true: class indices ``(batch,)`` or ``(batch, 1)``, or of each pixel ``(batch, height, width)``.
            y_pred: probabilities ``(batch, classes)`` or ``(batch, height, width, classes)``.
            sample_weight: ``(batch,)``.
        """
        targets = _one_hot(y_true, self.classes, "float32")
        weights = None if sample_weight is None else ops.reshape(sample_weight, (-1,))
        return self.inner.update_state(targets, _by_decision(y_pred, self.classes), sample_weight=weights)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "classes": self.classes}


def _by_decision(predictions: Any, classes: int) -> Any:
    """Return probabilities as ``(decisions, classes)``: a decision a row, or one for each pixel of each row."""
    return ops.reshape(predictions, (-1, classes))


def _one_hot(indices: Any, classes: int, dtype: str) -> Any:
    """Return class indices as one-hot rows ``(batch, classes)``.

    Keras passes indices to a loss as floats, ``(batch,)`` or, by its own reshaping, ``(batch, 1)``.
    """
    return ops.one_hot(ops.reshape(ops.cast(indices, "int32"), (-1,)), classes, dtype=dtype)
