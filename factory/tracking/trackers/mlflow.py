"""CHILD: MLflow: a SQLite file and a folder of artifacts beside it, or a tracking server."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

# A server that is down is found out within seconds, not minutes, and a run is nobody's business but its owner's.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

import mlflow
import numpy as np
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException
from mlflow.models import Model as Logged
from mlflow.models import ModelSignature
from mlflow.types import Schema, TensorSpec

from factory.config.composition.folders import PACKAGE
from factory.core.passwords import without_passwords
from factory.tracking import pyfunc
from factory.tracking.tracker import Closing, Ending, Model, Opening

FILE = "sqlite:///"
ARTIFACTS = "artifacts"
STATUS: Mapping[Ending, str] = {"finished": "FINISHED", "failed": "FAILED", "killed": "KILLED"}
PARAMS_AT_ONCE, METRICS_AT_ONCE = 100, 1000  # what a server takes (mlflow 3.17)

T = TypeVar("T")


def connect(
    *, uri: str = "sqlite:///outputs/mlflow/mlflow.db", experiment: str = "factory", register: bool = True
) -> MLflow:
    """Open a store.

    Args:
        uri: of a tracking server, or ``sqlite:///`` and the path of a file.
        experiment: that runs are put into; made where there is none.
        register: whether what was published becomes a version of a registered model.
    """
    return MLflow(uri, experiment, register)


class MLflow:
    """Jobs of a sweep are runs nested in the sweep's."""

    def __init__(self, uri: str, experiment: str, register: bool) -> None:
        self.file = Path(uri.removeprefix(FILE)).resolve() if uri.startswith(FILE) else None
        self.artifacts: str | None = None  # where a server keeps them is its own business
        if self.file:
            uri, self.artifacts = f"{FILE}{self.file}", (self.file.parent / ARTIFACTS).as_uri()
        self.uri, self.experiment, self.register = uri, experiment, register
        self.place = without_passwords(uri)  # is written and shown
        self.look = f"mlflow ui --backend-store-uri {uri}" if self.artifacts else self.place

    @cached_property
    def client(self) -> mlflow.MlflowClient:
        """Made when the first run begins: it makes a store that is not there."""
        if self.file:
            self.file.parent.mkdir(parents=True, exist_ok=True)
        mlflow.set_tracking_uri(self.uri)
        return mlflow.MlflowClient(self.uri, self.uri)

    @cached_property
    def number(self) -> str:
        """Of the experiment, made where there is none; models are logged into it as well."""
        number = self.found_or_made()
        mlflow.set_experiment(experiment_id=number)
        return number

    def begin(self, opening: Opening) -> str:
        number = self.number
        run = opening.kept if opening.kept and self.goes_on(opening.kept) else self.made(opening, number)
        for params in batches((Param(key, str(value)) for key, value in opening.params.items()), PARAMS_AT_ONCE):
            self.client.log_batch(run, params=params)
        return run

    def goes_on(self, run: str) -> bool:
        """Take up a run of an earlier command, if it is still there."""
        try:
            if self.client.get_run(run).info.lifecycle_stage != "active":
                return False
            self.client.update_run(run, status="RUNNING")
            return True
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return False

    def made(self, opening: Opening, experiment: str) -> str:
        tags = {**opening.tags, "mlflow.source.name": "python -m factory", "folder": tail(opening.folder, 2)}
        if "git" in opening.tags:
            tags["mlflow.source.git.commit"] = opening.tags["git"]
        if opening.parent:
            tags["mlflow.parentRunId"] = opening.parent
        return str(self.client.create_run(experiment, run_name=opening.name, tags=tags).info.run_id)

    def found_or_made(self) -> str:
        if found := self.client.get_experiment_by_name(self.experiment):
            return str(found.experiment_id)
        try:
            return str(self.client.create_experiment(self.experiment, artifact_location=self.artifacts))
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            return self.found_or_made()  # another command was quicker

    def epochs(self, run: str, rows: Sequence[Mapping[str, float]]) -> None:
        now = milliseconds()
        found = (
            Metric(name, value, now, int(row["epoch"]))
            for row in rows
            for name, value in row.items()
            if name != "epoch"
        )
        for metrics in batches(found, METRICS_AT_ONCE):
            self.client.log_batch(run, metrics=metrics)

    def end(self, run: str, closing: Closing) -> None:
        now = milliseconds()
        metrics = [Metric(name, value, now, 0) for name, value in closing.metrics.items()]
        tags = [RunTag(name, value) for name, value in closing.tags.items()]
        self.client.log_batch(run, metrics=metrics, tags=tags)
        for name, file in closing.files.items():
            self.client.log_artifact(run, str(file), str(Path(name).parent) if "/" in name else None)
        if closing.gate:
            self.client.log_text(run, closing.gate, "gate.md")
        if closing.model and self.register:
            self.publish(run, closing.model)
        self.client.set_terminated(run, status=STATUS[closing.ending])

    def publish(self, run: str, model: Model) -> None:
        """Register all targets of a run as one model version, which runs in the formats' own runtimes."""
        with tempfile.TemporaryDirectory() as folder:
            data = Path(folder, pyfunc.FOLDER)
            data.mkdir()
            for target, artifact in model.artifacts.items():
                (data / target).symlink_to(artifact.folder.resolve())  # MLflow copies what it points to
            needs = {target: [artifact.backend, *artifact.requires] for target, artifact in model.artifacts.items()}
            (data / pyfunc.FILE).write_text(json.dumps({"signature": model.signature, "needs": needs}))
            info = Portable.log(
                artifact_path=None,
                name=model.name,
                flavor=mlflow.pyfunc,
                run_id=run,
                registered_model_name=model.name,
                await_registration_for=0,
                signature=signature(model.signature),
                loader_module=pyfunc.__name__,
                code_paths=[str(PACKAGE)],  # this package: what loads it need not have it installed
                data_path=str(data),
                pip_requirements=list(model.requirements),
            )
        for target, artifact in model.artifacts.items():
            place = tail(Path(artifact.version), 3)
            self.client.set_model_version_tag(model.name, info.registered_model_version, target, place)


class Portable(Logged):
    """A model whose file MLmodel, which travels with it, does not say where on this machine it was logged to."""

    def to_dict(self) -> dict[str, Any]:
        return {key: value for key, value in super().to_dict().items() if key != "artifact_path"}


def tail(folder: Path, parts: int) -> str:
    """The end of a path: what people know a folder by; the rest is this machine's."""
    return "/".join(folder.resolve().parts[-parts:])


def signature(fields: Mapping[str, Any]) -> ModelSignature:
    """Ours as MLflow's: named tensors whose first axis is free."""

    def schema(tensors: Sequence[Mapping[str, Any]]) -> Schema:
        return Schema([TensorSpec(np.dtype(t["dtype"]), (-1, *map(axis, t["shape"])), t["name"]) for t in tensors])

    return ModelSignature(schema(fields["inputs"]), schema(fields["outputs"]))


def axis(size: int | None) -> int:
    return -1 if size is None else size


def milliseconds() -> int:
    """Since 1970."""
    return time.time_ns() // 1_000_000


def batches(found: Iterator[T], size: int) -> Iterator[list[T]]:
    while batch := list(islice(found, size)):
        yield batch
