"""CHILD: The hand-off from training to deployment: the model, reference rows, predictions for them, and hashes."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from factory.core.errors import ConfigError, ExportError
from factory.core.files import read_json, replacing_file, sha256, write_json
from factory.core.rundir import RunDir
from factory.core.signature import Signature, Tensor
from factory.data.dataset import Array, Dataset, DataSpec, Rows, RowsInMemory
from factory.models.keras_file.load import load_keras_file
from factory.models.own_classes import register_layers
from factory.preprocessing.spec import Preprocessing
from factory.training.batches import Batches
from factory.training.raw_rows import RawRows, joined, read_raw_rows, strange_reference, write_raw_rows

PARTS = ("inputs", "targets", "outputs", "reloaded", "strange_inputs", "strange_outputs")
"""Parts of reference.npz; the generated rows of the last two have no targets."""

LARGEST = 256 * 2**20
"""Bytes of rows, with the answers to them, that are held at once."""


@dataclass(frozen=True)
class HandOff:
    """A hand-off that was read and checked.

    Args:
        signature: names, dtypes and shapes of the model's inputs and outputs, in order.
        spec: the specification of the data.
        rows: the reference rows, which are validation rows, ``(n, ...)``.
        outputs: the model's predictions for them right after training, output name → ``(n, ...)`` float32.
        reloaded: its predictions once saved and loaded again under the same backend, the first hop; as ``outputs``.
        trained: the contents of train/report.json.
        raw: reference rows as clients send them, where the data has preprocessing.
    """

    signature: Signature
    spec: DataSpec
    rows: RowsInMemory
    outputs: dict[str, Array]
    reloaded: dict[str, Array]
    trained: Mapping[str, Any]
    raw: RawRows | None = None


def write_hand_off(run: RunDir, model: keras.Model, dataset: Dataset, count: int) -> dict[str, Any]:
    """Write the hand-off: save the model, load it again, and save reference rows and predictions.

    Args:
        run: gets model.keras and reference.npz; where the data has preprocessing, also preprocessing.json and
            raw_rows.npz.
        model: trained.
        dataset: it was trained on.
        count: most reference rows.

    Returns:
        The part of train/report.json about it: signature, with preprocessing also that of raw rows, SHA-256 of each
        file.
    """
    spec = dataset.spec
    rows = fitting(dataset.validation, spec, count).read()
    outputs = predictions(model, rows.inputs)
    with replacing_file(run.model) as temporary:
        model.save(temporary)
    reloaded = predictions(load_model(run), rows.inputs)
    parts = {"inputs": rows.inputs, "targets": rows.outputs, "outputs": outputs, "reloaded": reloaded}
    raw: dict[str, Any] = {}
    if spec.preprocessing:
        raw_rows, strange = strange_reference(dataset, len(rows))
        parts |= {"strange_inputs": strange, "strange_outputs": predictions(model, strange)}
        write_raw_rows(run.raw_rows, raw_rows)
        write_json(run.preprocessing, spec.preprocessing.to_json())
        raw = {"raw": raw_signature_of(spec).to_json()}
    files = (run.model, run.reference, *((run.preprocessing, run.raw_rows) if raw else ()))
    arrays = {f"{part}/{name}": array for part, named in parts.items() for name, array in named.items()}
    with replacing_file(run.reference) as temporary, open(temporary, "wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]  # numpy's stub takes any name for allow_pickle
    return {
        "signature": signature_of(spec).to_json(),
        **raw,
        "sha256": {path.name: sha256(path) for path in files},
    }


def fitting(rows: Rows, spec: DataSpec, count: int) -> Rows:
    """Return the first ``count`` rows, or as many as take no more than `LARGEST` together with the answers to them."""
    columns = (*rows.inputs.values(), *rows.outputs.values())
    size = sum(column.dtype.itemsize * math.prod(column.shape[1:]) for column in columns)
    size += sum(4 * math.prod(output.shape) for output in spec.outputs)
    return rows.head(min(count, max(LARGEST // size, 1)))


def read_hand_off(run: RunDir) -> HandOff:
    """Read the hand-off of a run, after its files are checked against the recorded hashes.

    Raises:
        ExportError: there is no finished training, a file is missing, or its hash is not the recorded one.
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
    raw = _raw_rows(run, parts) if run.preprocessing.name in trained["sha256"] else None
    return HandOff(
        Signature.from_json(trained["signature"]),
        replace(DataSpec.from_json(trained["data"]), preprocessing=raw.preprocessing if raw else None),
        RowsInMemory(parts["inputs"], parts["targets"]),
        parts["outputs"],
        parts["reloaded"],
        trained,
        raw,
    )


def read_preprocessing(path: Path) -> Preprocessing:
    """Read the fitted preprocessing that training wrote.

    Raises:
        ExportError: the file is not of its format.
    """
    try:
        return Preprocessing.from_json(read_json(path) or {})
    except (ConfigError, ValueError) as error:
        raise ExportError(f"{path}: is no fitted preprocessing: {error}") from error


def _raw_rows(run: RunDir, parts: Mapping[str, dict[str, Array]]) -> RawRows:
    """Return the reference rows as clients send them, with what training made of them."""
    preprocessing = read_preprocessing(run.preprocessing)
    rows = read_raw_rows(run.raw_rows, preprocessing.wires)
    try:
        inputs, outputs = (joined(parts[part], parts[f"strange_{part}"]) for part in ("inputs", "outputs"))
    except (KeyError, ValueError) as error:
        raise ExportError(f"{run.reference}: got no generated rows; takes the ones that training wrote") from error
    if {len(values) for values in (*rows.values(), *inputs.values(), *outputs.values())} != {
        len(rows[next(iter(rows))])
    }:
        raise ExportError(f"{run.raw_rows}: got other rows than {run.reference.name}; takes those that training wrote")
    return RawRows(preprocessing, len(next(iter(parts["outputs"].values()))), rows, inputs, outputs)


def _arrays(path: Path) -> dict[str, dict[str, Array]]:
    """Return the arrays of reference.npz: part → tensor name → array."""
    parts: dict[str, dict[str, Array]] = {part: {} for part in PARTS}
    try:
        with np.load(path, allow_pickle=False) as saved:
            for key in saved.files:
                part, _, name = key.partition("/")
                parts[part][name] = saved[key]
    except (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise ExportError(f"{path}: got no archive of plain arrays; takes the one that training wrote") from error
    return parts


def load_model(run: RunDir, precision: str = "trained") -> keras.Model:
    """Load the saved model, which is screened first, without its training state.

    Args:
        run: with a finished training.
        precision: ``trained`` keeps the dtype policy of training; ``float32`` computes in the dtype of the weights,
            which mixed precision keeps in float32.

    Raises:
        ExportError: the file is refused, or does not load.
    """
    register_layers()
    model = load_keras_file(run.model)
    if precision == "float32":
        for layer in model._flatten_layers():
            layer.dtype_policy = "float32"
    return model


def predictions(model: keras.Model, inputs: Mapping[str, Array] | Batches) -> dict[str, Array]:
    """Return the model's predictions in inference mode, output name → float32 ``(rows, ...)``."""
    if isinstance(inputs, Batches):
        outputs = model.predict(inputs, verbose=0)
    else:
        outputs = model.predict(dict(inputs), batch_size=256, verbose=0)
    return {name: np.asarray(array, dtype="float32") for name, array in outputs.items()}


def signature_of(spec: DataSpec) -> Signature:
    """Return the signature of a model of this data; `factory.models.functional.model` allows no other."""
    return Signature(spec.inputs, tuple(Tensor(output.name, "float32", output.shape) for output in spec.outputs))


def raw_signature_of(spec: DataSpec) -> Signature:
    """Return the signature of the model with its preprocessing: raw columns in, answers out."""
    preprocessing = spec.preprocessing
    if preprocessing is None:
        return signature_of(spec)
    shapes = {output.name: output.shape for output in spec.outputs}
    answers = (tensor for answer in preprocessing.answers for tensor in answer.tensors(shapes[answer.name]))
    return Signature(preprocessing.wires, tuple(answers))
