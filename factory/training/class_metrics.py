"""CHILD: metrics that speak of one class, on a softmax: of the positive class of two, averaged over more.

Keras' `Precision`, `Recall`, `F1Score`, `AUC` and their kin were made for one sigmoid column. On the two columns of a
softmax they count every row twice, once for each class, and all equal the accuracy. So with two classes they are given
the positive class's column alone, as scikit-learn's are; beyond two they are averages over the classes, and the name
says which: ``macro_precision``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from factory.data.dataset import Output
from factory.training.one_hot import OneHotMetric

DECIDING = {"F1Score", "FBetaScore"}
AT_A_POINT = {"PrecisionAtRecall", "RecallAtPrecision", "SensitivityAtSpecificity", "SpecificityAtSensitivity"}
COUNTS = {"TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives"}
OF_ONE_CLASS = {"Precision", "Recall", "AUC", *DECIDING, *AT_A_POINT, *COUNTS}
OWN_VIEW = ("class_id", "top_k", "multi_label")
"""Arguments by which a declaration itself says which columns it means."""

THRESHOLDS = 2001
"""Of AUC; Keras' own 200 differ from the exact area in the third digit."""


@dataclass(frozen=True)
class View:
    """How a metric sees an output.

    Args:
        wrap: puts a Keras metric between class indices and softmax on one side, and what it compares on the other.
        prefix: of its name: what kind of average it is.
        defaults: arguments that make it one number of that meaning where the declaration says nothing.
        kind: another class that computes it, in place of Keras'.
    """

    wrap: Callable[[keras.metrics.Metric], keras.metrics.Metric]
    prefix: str = ""
    defaults: Mapping[str, Any] | None = None
    kind: type[keras.metrics.Metric] | None = None


def view(kind: str, arguments: Mapping[str, Any], output: Output) -> View:
    """How a metric that compares one-hot targets sees a classification.

    Args:
        kind: a name of keras.metrics.
        arguments: as declared.
        output: with its classes.
    """
    classes = output.shape[0]
    each = View(lambda inner: OneHotMetric(inner, classes))
    binary = kind in OF_ONE_CLASS or kind.lower().startswith("binary")
    if not binary or any(arguments.get(name) is not None for name in OWN_VIEW):
        return View(each.wrap, defaults={"average": "macro"}) if kind in DECIDING else each
    if classes == 2:
        defaults = {"threshold": 0.5, "average": "macro"} if kind in DECIDING else {}
        defaults |= {"num_thresholds": THRESHOLDS} if kind == "AUC" else {}
        return View(lambda inner: OneClassMetric(inner, output.positive_index), defaults=defaults)
    return _averaged(kind, arguments, classes, each)


def _averaged(kind: str, arguments: Mapping[str, Any], classes: int, each: View) -> View:
    """Beyond two classes: each against all others, and the mean of that."""
    if kind in DECIDING:
        average = arguments.get("average") or "macro"
        return View(each.wrap, f"{average}_", {"average": "macro"})
    if kind in ("Precision", "Recall") and arguments.get("thresholds") is None:
        return View(each.wrap, "macro_", kind={"Precision": MacroPrecision, "Recall": MacroRecall}[kind])
    if kind == "AUC":
        ranked = {"multi_label": True, "num_labels": classes, "num_thresholds": THRESHOLDS}
        return View(each.wrap, "macro_", ranked)
    return View(each.wrap, "micro_") if kind in AT_A_POINT or kind in ("Precision", "Recall") else each


@keras.saving.register_keras_serializable(package="factory")
class OneClassMetric(keras.metrics.Metric):
    """A metric on whether rows are of one class, given class indices and a softmax.

    Args:
        inner: a Keras metric for one sigmoid column; its variables are this one's.
        index: of the class.
        arguments: name and dtype, by default the inner metric's.
    """

    def __init__(self, inner: Any, index: int, **arguments: Any) -> None:
        super().__init__(**{"name": inner.name, **arguments})
        self.inner, self.index = inner, index

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """``(batch,)`` or ``(batch, 1)`` indices, ``(batch, classes)`` and weights ``(batch,)``."""
        of_it = ops.equal(ops.reshape(ops.cast(y_true, "int32"), (-1, 1)), self.index)
        column = y_pred[:, self.index : self.index + 1]
        return self.inner.update_state(ops.cast(of_it, "float32"), column, sample_weight=sample_weight)

    def result(self) -> Any:
        return self.inner.result()

    def reset_state(self) -> None:
        self.inner.reset_state()

    def get_config(self) -> dict[str, Any]:
        inner = keras.saving.serialize_keras_object(self.inner)
        return {"name": self.name, "inner": inner, "index": self.index}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> OneClassMetric:
        return cls(**{**config, "inner": keras.saving.deserialize_keras_object(config["inner"])})


class _Macro(keras.metrics.FBetaScore):
    """The mean over the classes of a quotient of counts; a row is counted for its most probable class.

    Args:
        arguments: name and dtype.
    """

    def __init__(self, **arguments: Any) -> None:
        super().__init__(average="macro", **arguments)

    def _of_all(self) -> Any:
        raise NotImplementedError

    def result(self) -> Any:
        return ops.mean(ops.divide_no_nan(self.true_positives, self.true_positives + self._of_all()))

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "dtype": self.dtype}


@keras.saving.register_keras_serializable(package="factory")
class MacroPrecision(_Macro):
    """Of the rows that were taken for a class, those that are of it; the mean over the classes."""

    def _of_all(self) -> Any:
        return self.false_positives


@keras.saving.register_keras_serializable(package="factory")
class MacroRecall(_Macro):
    """Of the rows of a class, those that were taken for it; the mean over the classes."""

    def _of_all(self) -> Any:
        return self.false_negatives
