"""CHILD: Regression losses in units of the target's standard deviation, for models that predict in the target's unit.

A price of 3e5 has a squared error of about 1e10, beside which no other output's loss counts and for which the usual
learning rates do not work; in deviations, always predicting the mean has a squared error of 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

DIFFERENCES = {"MeanSquaredError", "MeanAbsoluteError", "Huber", "LogCosh"}
"""Losses of the difference of target and prediction; others, of ratios or logarithms, need the target itself."""


@keras.saving.register_keras_serializable(package="factory")
class ScaledLoss(keras.losses.Loss):
    """A loss of target and prediction, after both are divided by the target's standard deviation.

    Args:
        inner: a Keras loss, one of `DIFFERENCES`.
        deviation: of each number along the target's last axis, in the target's unit.
        arguments: name, reduction and dtype, by default the inner loss's.
    """

    def __init__(self, inner: Any, deviation: Sequence[float], **arguments: Any) -> None:
        super().__init__(**{"name": inner.name, "reduction": inner.reduction, **arguments})
        self.inner, self.deviation = inner, list(deviation)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss ``(batch, ...)`` of targets and predictions ``(batch, ..., k)``."""
        deviation = ops.convert_to_tensor(self.deviation, y_pred.dtype)
        return self.inner.call(y_true / deviation, y_pred / deviation)

    def get_config(self) -> dict[str, Any]:
        inner = keras.saving.serialize_keras_object(self.inner)
        return {**super().get_config(), "inner": inner, "deviation": self.deviation}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> ScaledLoss:
        return cls(**{**config, "inner": keras.saving.deserialize_keras_object(config["inner"])})
