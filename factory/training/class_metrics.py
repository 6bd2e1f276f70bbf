"""CHILD: Metrics of a single class, such as precision, for softmax outputs: of the positive class, or averaged.

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
from factory.training.one_hot import IndexedMetric, OneHotMetric

DECIDING = {"F1Score", "FBetaScore"}
AT_A_POINT = {"PrecisionAtRecall", "RecallAtPrecision", "SensitivityAtSpecificity", "SpecificityAtSensitivity"}
COUNTS = {"TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives"}
OF_ONE_CLASS = {"Precision", "Recall", "AUC", *DECIDING, *AT_A_POINT, *COUNTS}
OWN_VIEW = ("class_id", "top_k", "multi_label")
"""Arguments by which a declaration selects the columns of the softmax itself."""

THRESHOLDS = 2001
"""Number of thresholds of AUC; with Keras' default of 200 the third digit is wrong."""


@dataclass(frozen=True)
class View:
    """The adaptation of a Keras metric to class indices and a softmax.

    Args:
        wrap: wraps the Keras metric, so that it takes class indices and a softmax.
        prefix: of its name: the kind of average, such as ``macro_``.
        defaults: arguments that the metric gets where the declaration does not give them.
        kind: a class that computes the metric in place of Keras'.
    """

    wrap: Callable[[keras.metrics.Metric], keras.metrics.Metric]
    prefix: str = ""
    defaults: Mapping[str, Any] | None = None
    kind: type[keras.metrics.Metric] | None = None


def view(kind: str, arguments: Mapping[str, Any], output: Output) -> View:
    """Return how to adapt a metric that compares one-hot targets to a classification output.

    Args:
        kind: the metric's name in keras.metrics.
        arguments: as declared.
        output: a classification.
    """
    classes = output.shape[-1]
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
    """Return how to adapt a one-class metric to more than two classes: one against the rest, averaged."""
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
class OneClassMetric(IndexedMetric):
    """A metric of one class against the rest, computed from class indices and a softmax.

    Args:
        inner: a Keras metric for one sigmoid column; its variables are this one's.
        index: of the class.
        arguments: name and dtype, by default the inner metric's.
    """

    def __init__(self, inner: Any, index: int, **arguments: Any) -> None:
        super().__init__(inner, **arguments)
        self.index = index

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Update the inner metric.

        Args:
            y_true: class indices ``(batch,)`` or ``(batch, 1)``, or of each pixel ``(batch, height, width)``.
            y_pred: probabilities ``(batch, classes)`` or ``(batch, height, width, classes)``.
            sample_weight: ``(batch,)``, or of each pixel.
        """
        is_class = ops.equal(ops.reshape(ops.cast(y_true, "int32"), (-1, 1)), self.index)
        column = ops.reshape(y_pred[..., self.index], (-1, 1))
        weights = None if sample_weight is None else ops.reshape(sample_weight, (-1,))
        return self.inner.update_state(ops.cast(is_class, "float32"), column, sample_weight=weights)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "index": self.index}


class _Macro(keras.metrics.FBetaScore):
    """The mean over the classes of a ratio of counts, where each row counts for its most probable class.

    Args:
        arguments: name and dtype.
    """

    def __init__(self, **arguments: Any) -> None:
        super().__init__(average="macro", **arguments)

    def _errors(self) -> Any:
        """Return the errors of each class ``(classes,)`` that stand beside its true positives in the denominator."""
        raise NotImplementedError

    def result(self) -> Any:
        return ops.mean(ops.divide_no_nan(self.true_positives, self.true_positives + self._errors()))

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "dtype": self.dtype}


@keras.saving.register_keras_serializable(package="factory")
class MacroPrecision(_Macro):
    """Precision (of the rows predicted as a class, the share that belongs to it), averaged over the classes."""

    def _errors(self) -> Any:
        return self.false_positives


@keras.saving.register_keras_serializable(package="factory")
class MacroRecall(_Macro):
    """Recall (of the rows of a class, the share that is predicted as it), averaged over the classes."""

    def _errors(self) -> Any:
        return self.false_negatives
