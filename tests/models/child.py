"""Runs under one backend, with the others kept out: build each model, adapt, save, load, compare. JSON in, JSON out."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from factory.core.backends import BACKENDS
from factory.execution.worker import Blocker

OTHERS = [name for name in BACKENDS if name != os.environ["KERAS_BACKEND"]]
sys.meta_path.insert(0, Blocker(OTHERS))

import keras  # noqa: E402
import numpy as np  # noqa: E402

from factory.core.errors import ConfigError  # noqa: E402
from factory.data.load import load_dataset  # noqa: E402
from factory.models.adapt import adapt_statistics  # noqa: E402
from factory.models.build import build_model  # noqa: E402
from factory.models.keras_file.load import load_keras_file  # noqa: E402

STATISTICS = ("adapt_mean", "adapt_variance")


def report(case: dict[str, Any], folder: Path) -> dict[str, Any]:
    """What came of one case: the refusal, or names, shapes, dtypes and the largest change by saving and loading."""
    keras.config.set_dtype_policy(case.get("precision", "float32"))
    dataset = load_dataset(case["data"])
    try:
        model = build_model(case["model"], dataset.spec)
        adapt_statistics(model, dataset.train.inputs)
    except ConfigError as error:
        return {"refused": error.problems, "cause": type(error.__cause__).__name__}
    rows = dataset.validation.head(7).inputs
    before = answers(model, rows)
    model.save(folder / "model.keras")
    after = answers(load_keras_file(folder / "model.keras"), rows)
    return {
        "inputs": {name: list(tensor.shape[1:]) for name, tensor in model.input.items()},
        "outputs": {name: list(array.shape[1:]) for name, array in before.items()},
        "dtypes": sorted({array.dtype.name for array in before.values()}),
        "expected": {output.name: list(output.shape) for output in dataset.spec.outputs},
        "change": max(float(np.abs(before[name] - after[name]).max()) for name in before),
        "largest": max(float(np.abs(array).max()) for array in before.values()),
        "finite": all(bool(np.isfinite(array).all()) for array in before.values()),
        "layers": [layer.name for layer in model.layers],
        "statistics": {
            layer.name: {part: keras.ops.convert_to_numpy(getattr(layer, part)).ravel().tolist() for part in STATISTICS}
            for layer in model.layers
            if isinstance(layer, keras.layers.Normalization) and layer.input_mean is None
        },
    }


def answers(model: keras.Model, rows: dict[str, Any]) -> dict[str, Any]:
    return {name: keras.ops.convert_to_numpy(tensor) for name, tensor in model(rows, training=False).items()}


def main() -> None:
    cases = json.load(sys.stdin)
    with tempfile.TemporaryDirectory() as folder:
        found = {name: report(case, Path(folder)) for name, case in cases.items()}
    loaded = [name for name in OTHERS if name in sys.modules]
    json.dump({"cases": found, "loaded": loaded}, sys.stdout)


if __name__ == "__main__":
    main()
