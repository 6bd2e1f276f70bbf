"""CHILD: The describe stage: builds models from configs and their data, untrained, and returns their layer tables."""

from __future__ import annotations

import gc
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras

from factory.core.errors import ConfigError, FactoryError, MissingFile, MissingPackage
from factory.core.files import write_json
from factory.core.foreign_errors import one_line
from factory.core.rundir import Emit, RunDir
from factory.data.dataset import Dataset
from factory.data.load import load_dataset
from factory.models.build import build_model
from factory.models.flops import flops
from factory.models.keras_objects import errors_at

FAILURE = ConfigError
ANSWER = "describe.json"


def run(run: RunDir, *, emit: Emit, asked: Sequence[Mapping[str, Any]]) -> None:
    """Describe each model and write all to ``describe.json``; for one that cannot be built the reason is written.

    Args:
        run: gets ``describe.json``.
        emit: takes live events.
        asked: the models to describe, each ``{model, data, precision}``, nodes of a config.
    """
    gc.freeze()  # spares each clear_session() a garbage collection of all imported modules, 0.2 s
    datasets: dict[str, Dataset | FactoryError] = {}
    descriptions = []
    for nodes in asked:
        key = json.dumps(nodes["data"], sort_keys=True)
        if key not in datasets:
            datasets[key] = dataset(nodes["data"])
        descriptions.append(described(nodes, datasets[key]))
        emit({"event": "described"})
    write_json(run.path / ANSWER, {"models": descriptions})


def dataset(config: Mapping[str, Any]) -> Dataset | FactoryError:
    """Return the data as training loads it, or the error that says why it cannot be loaded."""
    try:
        return load_dataset(config)
    except FactoryError as error:
        return error
    except Exception as error:  # a reader of files may raise anything; models are described without their data
        return ConfigError(f"data: {one_line(error)}")


def described(asked: Mapping[str, Any], rows: Dataset | FactoryError) -> dict[str, Any]:
    """Build one model, untrained, and return its description.

    Args:
        asked: ``{model, data, precision}``, nodes of a config.
        rows: its data, or the error that loading raised.

    Returns:
        ``signature`` (inputs; outputs with the labels of classes), ``fingerprint`` of the data, ``layers`` (name, kind,
        shape, parameters, flops of one row), and ``parameters``, ``trainable`` and ``flops`` of the whole; or
        ``error``, with the signature where the data could be loaded, and ``missing``: whether the cause is not the
        config but a file or a package that is not on this machine.
    """
    if isinstance(rows, FactoryError):
        return {"error": str(rows), "missing": isinstance(rows, MissingFile | MissingPackage)}
    spec = rows.spec.to_json()
    outputs = [
        {"name": output["name"], "dtype": "float32", "shape": output["shape"], "labels": output["labels"]}
        for output in spec["outputs"]
    ]
    fitted = rows.spec.preprocessing  # with it clients send raw columns
    inputs = [wire.to_json() for wire in fitted.wires] if fitted else spec["inputs"]
    known = {"signature": {"inputs": inputs, "outputs": outputs}, "fingerprint": rows.fingerprint}
    keras.backend.clear_session()
    keras.config.set_dtype_policy(asked["precision"])
    # Shapes need no pretrained weights.
    declared = {key: None if key == "weights" else value for key, value in asked["model"].items()}
    try:
        # Weights are not initialized, since only their shape is wanted: jax would compile each draw, for seconds.
        with keras.StatelessScope(initialize_variables=False), errors_at("model"):
            model = build_model(declared, rows.spec)
            layers = list(table(model))
    except FactoryError as error:
        return {**known, "error": str(error), "missing": isinstance(error, MissingFile | MissingPackage)}
    return {
        **known,
        "layers": layers,
        "parameters": model.count_params(),
        "trainable": sum(math.prod(weight.shape) for weight in model.trainable_weights),
        "flops": sum(layer["flops"] for layer in layers),
    }


def table(model: keras.Model) -> Iterator[dict[str, Any]]:
    """Yield one row of the layer table for each layer, in the model's order; a backbone is one layer."""
    nodes = [node for depth in model._nodes_by_depth.values() for node in depth]
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        calls = [node for node in nodes if node.operation is layer]
        yield {
            "name": layer.name,
            "kind": type(layer).__name__,
            "shape": shape(calls[0].output_tensors),
            "parameters": layer.count_params(),
            "flops": sum(flops(layer, node.input_tensors, node.output_tensors) for node in calls),
        }


def shape(tensors: Sequence[Any]) -> list[Any]:
    """Return the shape of a tensor without the batch axis, or a list of shapes where there are several tensors."""
    shapes = [list(tensor.shape[1:]) for tensor in tensors]
    return shapes[0] if len(shapes) == 1 else shapes
