"""CHILD: losses of a regression in units of its target's standard deviation, while the model answers in its own unit.

A price of 3e5 has a squared error of 1e10, beside which no other output's loss counts and at which no usual learning
rate gets anywhere; in deviations, a squared error of 1 is what answering the mean scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

DIFFERENCES = {"MeanSquaredError", "MeanAbsoluteError", "Huber", "LogCosh"}
"""Losses of the difference between target and answer. Others, of ratios or logarithms, want the target itself."""


@keras.saving.register_keras_serializable(package="factory")
class ScaledLoss(keras.losses.Loss):
    """A loss of target and answer after both are divided by the target's standard deviation.

    Args:
        inner: a Keras loss, one of `DIFFERENCES`.
        deviation: of each number along the target's last axis.
        arguments: name, reduction and dtype, by default the inner loss's.
    """

    def __init__(self, inner: Any, deviation: Sequence[float], **arguments: Any) -> None:
        super().__init__(**{"name": inner.name, "reduction": inner.reduction, **arguments})
        self.inner, self.deviation = inner, list(deviation)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """``(batch, ..., k)`` twice → ``(batch, ...)``."""
        deviation = ops.convert_to_tensor(self.deviation, y_pred.dtype)
        return self.inner.call(y_true / deviation, y_pred / deviation)

    def get_config(self) -> dict[str, Any]:
        inner = keras.saving.serialize_keras_object(self.inner)
        return {**super().get_config(), "inner": inner, "deviation": self.deviation}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> ScaledLoss:
        return cls(**{**config, "inner": keras.saving.deserialize_keras_object(config["inner"])})
