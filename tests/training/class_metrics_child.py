"""Runs under one backend: metrics on random labels and answers, and what scikit-learn says of the same. JSON out."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
from sklearn import metrics as sklearn

from factory.core.signature import Tensor
from factory.data.dataset import DataSpec, Output
from factory.models.build import build_model
from factory.models.keras_file.load import load_keras_file
from factory.training import objectives

DECLARED: list[Any] = ["Precision", "Recall", "F1Score", {"FBetaScore": {"beta": 2.0}}, "AUC"]


def spec(classes: int, positive: str | None = None) -> DataSpec:
    labels = tuple("abcdefghij"[:classes])
    output = Output("kind", "classification", classes, labels, (classes,), positive=positive)
    return DataSpec((Tensor("x", "float32", (4,)),), (output,))


def rows(classes: int, seed: int) -> tuple[Any, Any]:
    """Labels and softmax answers that are right more often than by chance, classes of unequal size."""
    draw = np.random.default_rng(seed)
    labels = draw.choice(classes, 400, p=np.arange(1, classes + 1) / np.arange(1, classes + 1).sum())
    scores = draw.normal(size=(400, classes)) + 1.5 * np.eye(classes)[labels]
    predictions = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    return labels.astype("int32"), predictions.astype("float32")


def ours(of: DataSpec, labels: Any, predictions: Any) -> dict[str, float]:
    found = {}
    for metric in objectives.metrics(DECLARED, of)["kind"]:
        for start in range(0, len(labels), 150):
            metric.update_state(labels[start : start + 150], predictions[start : start + 150])
        found[metric.name] = float(metric.result())
    return found


def theirs(labels: Any, predictions: Any, positive: int | None) -> dict[str, float]:
    said = predictions.argmax(1)
    how: dict[str, Any] = {"average": "macro", "zero_division": 0}
    prefix, score = "macro_", predictions
    ranked: dict[str, Any] = {"multi_class": "ovr", "average": "macro"}
    if positive is not None:
        labels, said = labels == positive, said == positive
        how, prefix, score, ranked = {"zero_division": 0}, "", predictions[:, positive], {}
    return {
        f"{prefix}precision": sklearn.precision_score(labels, said, **how),
        f"{prefix}recall": sklearn.recall_score(labels, said, **how),
        f"{prefix}f1_score": sklearn.f1_score(labels, said, **how),
        f"{prefix}f_beta_score": sklearn.fbeta_score(labels, said, beta=2.0, **how),
        f"{prefix}auc": sklearn.roc_auc_score(labels, score, **ranked),
    }


def compared(classes: int, positive: str | None, seed: int) -> dict[str, list[float]]:
    of = spec(classes, positive)
    labels, predictions = rows(classes, seed)
    found = ours(of, labels, predictions)
    index = of.outputs[0].positive_index if classes == 2 else None
    wanted = theirs(labels, predictions, index)
    return {name: [found.get(name, -1.0), float(wanted.get(name, -2.0))] for name in sorted({*found, *wanted})}


def trained() -> dict[str, Any]:
    """A model that was compiled with them, saved, and loaded without its training state; their names in its logs."""
    of = spec(3)
    model = build_model({"kind": "mlp", "hidden": [4]}, of)
    model.compile(loss=objectives.loss("auto", of), metrics=objectives.metrics([*DECLARED, "TruePositives"], of))
    labels, _ = rows(3, 0)
    x = {"x": np.random.default_rng(0).normal(size=(400, 4)).astype("float32")}
    history = model.fit(x, {"kind": labels}, verbose=0, epochs=2)
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model.keras")
        loaded = load_keras_file(Path(folder) / "model.keras")
    same = np.allclose(model.predict(x, verbose=0)["kind"], loaded.predict(x, verbose=0)["kind"])
    metrics = [one for classes in (2, 3) for one in objectives.metrics(DECLARED, spec(classes))["kind"]]
    again = [keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(one)) for one in metrics]
    return {
        "logs": sorted(history.history),
        "same": bool(same),
        "restored": [[type(one.inner).__name__ for one in made] for made in (metrics, again)],
    }


if __name__ == "__main__":
    cases = [(2, None), (2, "a"), (2, "b"), (3, None), (10, None)]
    compare = {
        f"{classes} {positive} {seed}": compared(classes, positive, seed)
        for classes, positive in cases
        for seed in (0, 1)
    }
    print(json.dumps({"compared": compare, "trained": trained()}))
