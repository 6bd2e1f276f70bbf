"""CHILD: The MLflow tracker: a SQLite file with a folder of artifacts beside it, or a tracking server."""

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

# A server that is down is reported within seconds, not minutes, and no usage data is sent to others.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

import mlflow
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
    """Connect to an MLflow store.

    Args:
        uri: address of a tracking server, or ``sqlite:///`` and the path of a file.
        experiment: name of the experiment that takes the runs; made where there is none.
        register: whether what was published becomes a version of a registered model.
    """
    return MLflow(uri, experiment, register)


class MLflow:
    """A connected MLflow store; jobs of a sweep are runs nested in that of the sweep."""

    def __init__(self, uri: str, experiment: str, register: bool) -> None:
        self.file = Path(uri.removeprefix(FILE)).resolve() if uri.startswith(FILE) else None
        self.artifacts: str | None = None  # a server decides where it keeps artifacts
        if self.file:
            uri, self.artifacts = f"{FILE}{self.file}", (self.file.parent / ARTIFACTS).as_uri()
        self.uri, self.experiment, self.register = uri, experiment, register
        self.place = without_passwords(uri)  # written to tracker.json and shown to people
        self.look = f"mlflow ui --backend-store-uri {uri}" if self.artifacts else self.place

    @cached_property
    def client(self) -> mlflow.MlflowClient:
        """The client, made when the first run begins, since it makes a store that does not exist."""
        if self.file:
            self.file.parent.mkdir(parents=True, exist_ok=True)
        mlflow.set_tracking_uri(self.uri)
        return mlflow.MlflowClient(self.uri, self.uri)

    @cached_property
    def number(self) -> str:
        """The id of the experiment, made where there is none; models are logged into it as well."""
        number = self.found_or_made()
        mlflow.set_experiment(experiment_id=number)
        return number

    def begin(self, opening: Opening) -> str:
        """Begin a run or take it up again, with its parameters; return its id."""
        number = self.number
        run = opening.kept if opening.kept and self.goes_on(opening.kept) else self.made(opening, number)
        for params in batches((Param(key, str(value)) for key, value in opening.params.items()), PARAMS_AT_ONCE):
            self.client.log_batch(run, params=params)
        return run

    def goes_on(self, run: str) -> bool:
        """Take up a run of an earlier command; return whether it still exists."""
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
        """Make a new run and return its id."""
        tags = {**opening.tags, "mlflow.source.name": "python -m factory", "folder": tail(opening.folder, 2)}
        if "git" in opening.tags:
            tags["mlflow.source.git.commit"] = opening.tags["git"]
        if opening.parent:
            tags["mlflow.parentRunId"] = opening.parent
        return str(self.client.create_run(experiment, run_name=opening.name, tags=tags).info.run_id)

    def found_or_made(self) -> str:
        """Return the id of the experiment; make it where there is none."""
        if found := self.client.get_experiment_by_name(self.experiment):
            return str(found.experiment_id)
        try:
            return str(self.client.create_experiment(self.experiment, artifact_location=self.artifacts))
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            return self.found_or_made()  # another command was quicker

    def epochs(self, run: str, rows: Sequence[Mapping[str, float]]) -> None:
        """Record the metrics of some epochs."""
        now = milliseconds()
        entries = (
            Metric(name, value, now, int(row["epoch"]))
            for row in rows
            for name, value in row.items()
            if name != "epoch"
        )
        for metrics in batches(entries, METRICS_AT_ONCE):
            self.client.log_batch(run, metrics=metrics)

    def end(self, run: str, closing: Closing) -> None:
        """Record metrics, tags and files of a run that ended, and register its model."""
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
        """Register all targets of a run as one model version, which runs in the targets' own runtimes."""
        with tempfile.TemporaryDirectory() as folder:
            data = Path(folder, pyfunc.FOLDER)
            data.mkdir()
            for target, artifact in model.artifacts.items():
                (data / target).symlink_to(artifact.folder.resolve())  # MLflow copies what it points to
            needs = {target: [artifact.backend, *artifact.requires] for target, artifact in model.artifacts.items()}
            encoded = [target for target, artifact in model.artifacts.items() if artifact.encoded]
            raw = {"inner": model.inner, "encoded": encoded} if model.inner else {}
            (data / pyfunc.FILE).write_text(json.dumps({"signature": model.signature, "needs": needs, **raw}))
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
            folder = tail(Path(artifact.version), 3)
            self.client.set_model_version_tag(model.name, info.registered_model_version, target, folder)


class Portable(Logged):
    """A logged model whose file MLmodel, which is sent with it, does not name the path it was logged to here."""

    def to_dict(self) -> dict[str, Any]:
        """Return the fields of MLmodel without ``artifact_path``."""
        return {key: value for key, value in super().to_dict().items() if key != "artifact_path"}


def tail(folder: Path, parts: int) -> str:
    """Return the last parts of a path; the rest is of no use outside this machine."""
    return "/".join(folder.resolve().parts[-parts:])


def signature(fields: Mapping[str, Any]) -> ModelSignature:
    """Return our signature as MLflow's: named tensors whose first axis is free."""

    def schema(tensors: Sequence[Mapping[str, Any]]) -> Schema:
        return Schema(
            [TensorSpec(pyfunc.array_type(t["dtype"]), (-1, *map(axis, t["shape"])), t["name"]) for t in tensors]
        )

    return ModelSignature(schema(fields["inputs"]), schema(fields["outputs"]))


def axis(size: int | None) -> int:
    """Return the size of an axis as MLflow writes it, -1 for a free one."""
    return -1 if size is None else size


def milliseconds() -> int:
    """Return the time since 1970 in milliseconds."""
    return time.time_ns() // 1_000_000


def batches(items: Iterator[T], size: int) -> Iterator[list[T]]:
    """Yield lists of at most ``size`` items."""
    while batch := list(islice(items, size)):
        yield batch
