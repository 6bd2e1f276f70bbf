"""CHILD: Data source ``sklearn``: the small tables bundled with scikit-learn, read without importing it.

iris, wine and breast_cancer are classification (output ``label``); diabetes and linnerud are regression (output
``target``, of one and of three columns).
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from factory.data.bundled import bundled
from factory.data.dataset import Array, Source, Task

CLASSIFIED = {"iris": "iris.csv", "wine": "wine_data.csv", "breast_cancer": "breast_cancer.csv"}


def read(*, name: Literal["iris", "wine", "breast_cancer", "diabetes", "linnerud"]) -> Source:
    """Read one of the tables; its values are those of ``sklearn.datasets.load_<name>()``."""
    if name in CLASSIFIED:
        return _source(name, *_classified(CLASSIFIED[name]), output="label", task="classification")
    if name == "diabetes":
        return _source(name, *_diabetes(), output="target", task="regression")
    exercise, physiological = (
        np.loadtxt(bundled(f"linnerud_{part}.csv").splitlines(), skiprows=1) for part in ("exercise", "physiological")
    )
    return _source(name, exercise, physiological, output="target", task="regression")


def _classified(file: str) -> tuple[Array, Array]:
    """Return the features and class names of a classification table.

    The first line of its file holds rows, columns and the names of the classes; the last column is the class index.
    """
    head, body = bundled(file).strip().split("\n", 1)
    names = np.array(head.strip().split(",")[2:])
    table = np.fromstring(body.replace("\n", ","), sep=",").reshape(body.count("\n") + 1, -1)
    return table[:, :-1], names[table[:, -1].astype(int)]


def _diabetes() -> tuple[Array, Array]:
    """Return features and target of the diabetes table; features centred and of unit length, as in scikit-learn."""
    features = np.loadtxt(bundled("diabetes_data_raw.csv.gz").splitlines())
    target = np.loadtxt(bundled("diabetes_target.csv.gz").splitlines())
    return (features - features.mean(0)) / (features.std(0) * len(features) ** 0.5), target


def _source(name: str, features: Array, outputs: Array, *, output: str, task: Task) -> Source:
    """Return a table of features ``(rows, k)`` and one output as a source."""
    return Source(
        name=name,
        inputs={"features": features},
        outputs={output: outputs},
        tasks={output: task},
        where=lambda row, array, position: f"{name}: {array}[{row}]",
    )
