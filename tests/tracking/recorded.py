"""What trackers recorded, read by their own libraries in a process of its own, as JSON.

``python -m tests.tracking.recorded mlflow URI`` · ``… tensorboard FOLDER`` · ``… predict URI MODEL TARGET RUN``
"""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.commands import ROOT, environment
from tests.host import Host

READERS = {
    "mlflow": "mlflow",
    "predict": "mlflow",
    "tensorboard": "tensorboard.backend.event_processing.event_accumulator",
}


def recorded(*words: str, cwd: Path = ROOT) -> Any:
    """Run this file and read what it prints."""
    code, out, err = reader(READERS[words[0]]).perform(words, cwd, environment(), timeout=300)
    assert code == 0, err
    return json.loads(out.splitlines()[-1])


@functools.cache
def reader(library: str) -> Host:
    return Host("tests.tracking.recorded", [library], environment() | {"MLFLOW_DISABLE_TELEMETRY": "true"})


def mlflow(uri: str) -> Any:
    """Every run by name, and every version of every registered model."""
    from mlflow import MlflowClient

    client = MlflowClient(uri, uri)

    def files(run: str, folder: str | None = None) -> Iterator[str]:
        for file in client.list_artifacts(run, folder):
            if file.is_dir:
                yield from files(run, file.path)
            else:
                yield file.path

    found = [run for e in client.search_experiments() for run in client.search_runs([e.experiment_id])]
    runs = {
        run.info.run_name: {
            "id": run.info.run_id,
            "experiment": client.get_experiment(run.info.experiment_id).name,
            "status": run.info.status,
            "params": run.data.params,
            "metrics": run.data.metrics,
            "tags": run.data.tags,
            "files": sorted(files(run.info.run_id)),
            "history": {
                name: [[metric.step, metric.value] for metric in client.get_metric_history(run.info.run_id, name)]
                for name in run.data.metrics
            },
        }
        for run in found
    }
    assert len(runs) == len(found), "two runs of one name"
    versions = {
        model.name: {
            version.version: {"run": version.run_id, "tags": version.tags}
            for version in client.search_model_versions(f"name='{model.name}'")
        }
        for model in client.search_registered_models()
    }
    return {"runs": runs, "models": versions}


def predict(uri: str, model: str, target: str, run: str) -> Any:
    """Load a registered model through MLflow and let it answer the reference rows of a run: the largest difference."""
    import mlflow
    import numpy as np

    mlflow.set_tracking_uri(uri)
    loaded = mlflow.pyfunc.load_model(model, model_config={"target": target})
    with np.load(Path(run, "train", "reference.npz")) as saved:
        inputs, outputs = (
            {name.partition("/")[2]: saved[name] for name in saved.files if name.startswith(f"{part}/")}
            for part in ("inputs", "outputs")
        )
    found = loaded.predict(inputs)
    signature = loaded.metadata.signature.to_dict()
    return {
        "difference": max(float(np.abs(found[name] - outputs[name]).max()) for name in outputs),
        "signature": {way: json.loads(signature[way]) for way in ("inputs", "outputs")},
    }


def tensorboard(folder: str) -> Any:
    """Scalars, texts and hyperparameters as TensorBoard's own reader gives them."""
    sys.modules["tensorboard.compat.notf"] = ModuleType("notf")  # its own switch: without it, it imports tensorflow
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData
    from tensorboard.util.tensor_util import make_ndarray

    events = EventAccumulator(folder, size_guidance={"scalars": 0, "tensors": 0})
    events.Reload()
    tags = events.Tags()
    plugins = {
        tag: HParamsPluginData.FromString(content) for tag, content in events.PluginTagToContent("hparams").items()
    }
    values = plugins["_hparams_/session_start_info"].session_start_info.hparams if plugins else {}
    return {
        "scalars": {tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in tags["scalars"]},
        "texts": {
            tag: [make_ndarray(e.tensor_proto).item().decode() for e in events.Tensors(tag)] for tag in tags["tensors"]
        },
        "params": {name: getattr(value, value.WhichOneof("kind")) for name, value in values.items()},
        "status": plugins["_hparams_/session_end_info"].session_end_info.status if plugins else None,
    }


if __name__ == "__main__":
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    kind, *words = sys.argv[1:]
    print(json.dumps(globals()[kind](*words)))
