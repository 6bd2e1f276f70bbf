"""CHILD: what training gives to deployment: the model, real rows, what was computed on them, and their hashes."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from factory.core.errors import ExportError
from factory.core.files import read_json, replacing, sha256, write_json
from factory.core.rundir import RunDir
from factory.core.signature import Signature, Tensor
from factory.data.dataset import Array, Dataset, DataSpec, Rows
from factory.models.keras_file.load import load
from factory.models.own_classes import register_layers
from factory.training import baseline, evaluation


@dataclass(frozen=True)
class HandOff:
    """A trained model's rows and answers.

    Args:
        signature: names, dtypes and shapes, in order.
        spec: what the outputs mean.
        rows: validation rows, ``(n, ...)``.
        outputs: what the model answered to them right after training, output name → ``(n, ...)`` float32.
        reloaded: what it answered once saved and loaded again under the backend that trained it: the first hop.
        trained: train/report.json.
    """

    signature: Signature
    spec: DataSpec
    rows: Rows
    outputs: dict[str, Array]
    reloaded: dict[str, Array]
    trained: Mapping[str, Any]


def write(run: RunDir, model: keras.Model, dataset: Dataset, count: int) -> dict[str, Any]:
    """Save the model, load it again, save rows and answers.

    Args:
        run: gets model.keras, reference.npz and, for the report, evaluation.json.
        model: trained.
        dataset: it was trained on.
        count: validation rows that travel with the model, at most.

    Returns:
        What train/report.json keeps of it: signature, the trivial baseline, SHA-256 of each file.
    """
    spec, rows = dataset.spec, dataset.validation.head(count)
    outputs = predictions(model, rows.inputs)
    write_json(run.train / "evaluation.json", evaluation.measure(spec, rows.outputs, outputs))
    with replacing(run.model) as temporary:
        model.save(temporary)
    reloaded = predictions(load_model(run), rows.inputs)
    parts = {"inputs": rows.inputs, "targets": rows.outputs, "outputs": outputs, "reloaded": reloaded}
    arrays = {f"{part}/{name}": array for part, named in parts.items() for name, array in named.items()}
    with replacing(run.reference) as temporary, open(temporary, "wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]  # numpy's stub takes any name for allow_pickle
    return {
        "signature": signature_of(spec).to_json(),
        "baseline": baseline.measure(spec, dataset.train.outputs, rows.outputs, outputs),
        "sha256": {path.name: sha256(path) for path in (run.model, run.reference)},
    }


def read(run: RunDir) -> HandOff:
    """Read what was handed off, only if it is what was recorded.

    Raises:
        ExportError: a file is missing, or its hash is not the recorded one.
    """
    trained = read_json(run.train / "report.json")
    if trained is None:
        raise ExportError(f"{run.train}: holds no finished training")
    for name, digest in trained["sha256"].items():
        if not (run.train / name).exists() or sha256(run.train / name) != digest:
            raise ExportError(
                f"{run.train / name}: is not the file that training wrote (its SHA-256 differs); not loaded"
            )
    parts = _arrays(run.reference)
    return HandOff(
        Signature.from_json(trained["signature"]),
        DataSpec.from_json(trained["data"]),
        Rows(parts["inputs"], parts["targets"]),
        parts["outputs"],
        parts["reloaded"],
        trained,
    )


def _arrays(path: Path) -> dict[str, dict[str, Array]]:
    """reference.npz: part → tensor name → array."""
    parts: dict[str, dict[str, Array]] = {"inputs": {}, "targets": {}, "outputs": {}, "reloaded": {}}
    try:
        with np.load(path, allow_pickle=False) as saved:
            for key in saved.files:
                part, _, name = key.partition("/")
                parts[part][name] = saved[key]
    except (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise ExportError(f"{path}: got no archive of plain arrays; takes the one that training wrote") from error
    return parts


def load_model(run: RunDir, precision: str = "trained") -> keras.Model:
    """The saved model, screened before Keras sees it, without its training state.

    Args:
        run: with a finished training.
        precision: ``trained`` keeps the dtype policy of training; ``float32`` computes in the dtype of the weights,
            which mixed precision keeps in float32.
    """
    register_layers()
    model = load(run.model)
    if precision == "float32":
        for layer in model._flatten_layers():
            layer.dtype_policy = "float32"
    return model


def predictions(model: keras.Model, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """What the model computes in inference mode, output name → float32 ``(rows, ...)``."""
    found = model.predict(dict(inputs), batch_size=256, verbose=0)
    return {name: np.asarray(array, dtype="float32") for name, array in found.items()}


def signature_of(spec: DataSpec) -> Signature:
    """Inputs and outputs as the data declares them; `factory.functional.model` lets no model have others."""
    return Signature(spec.inputs, tuple(Tensor(output.name, "float32", output.shape) for output in spec.outputs))
