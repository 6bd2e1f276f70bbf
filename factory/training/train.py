"""CHILD: the train stage: config → data, model, optimizer → fit → the hand-off, under the backend this process has."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import Any

import keras

from factory.core import contract
from factory.core.errors import TrainError
from factory.core.files import write_json
from factory.core.rundir import Emit, RunDir
from factory.core.timing import Clock
from factory.data.dataset import Dataset, DataSpec, Rows
from factory.data.load import load_dataset
from factory.models import architecture, keras_objects
from factory.models.adapt import adapt_statistics
from factory.models.build import build_model
from factory.training import handoff, objectives
from factory.training.batches import Batches
from factory.training.callback import Watch, callbacks
from factory.training.checkpoint import Checkpoint, Progress
from factory.training.class_weights import class_weights
from factory.training.one_device import OneDevice
from factory.training.parallel import claim_devices
from factory.training.scaled_loss import ScaledLoss

FAILURE = TrainError


def run(
    run: RunDir, *, emit: Emit, config: Mapping[str, Any], key: str, promised: contract.Terms | None = None
) -> None:
    """Train and write ``train/``: the hand-off that every deploy stage starts from.

    Args:
        run: the run folder; a checkpoint of the same training in it is continued.
        emit: takes live events.
        config: the train half of the tree: data, model, optimizer, train, seed, and deploy.rows.
        key: of this training.
        promised: the record of the newest version of this name, whose contract the model is to keep.

    Raises:
        PublishError: the data has another signature than what was promised; nothing was trained.
        DataError, ConfigError: the data or the model is not what was declared; nothing was trained.
        TrainError: the training diverged.
    """
    with claim_devices(config["train"], emit) as claimed:
        train(run, config, key, promised, claimed)


def train(run: RunDir, config: Mapping[str, Any], key: str, promised: contract.Terms | None, on: OneDevice) -> None:
    """The whole of it; with several processes each is here until all are done with fitting."""
    clock = Clock()
    begin(config)
    with clock.timed("data"):
        dataset = load_dataset(config["data"])
    contract.require_same(config["name"], promised, terms(dataset.spec))
    with on.scope():
        with clock.timed("build"):
            model = made(config, dataset)
        if on.rank == 0:
            write_json(run.train / "architecture.json", architecture.describe(model))
        size = {"parameters": model.count_params(), "rows": len(dataset.train), "devices": on.count}
        on.emit({"event": "built", **size, "scaled": bool(scaled_losses(model))})
        with clock.timed("fit"):
            progress = fit(model, dataset, config, run, key, on)
    model = on.home(model, lambda: remade(config, dataset))
    with clock.timed("evaluate"):
        metrics = evaluate(model, dataset.validation, config["train"]["batch_size"])
    with clock.timed("hand-off"):
        given = handoff.write(run, model, dataset, config["deploy"]["metric_rows"])
    write_json(
        run.train / "report.json",
        {
            "status": "done",
            "key": key,
            "backend": keras.backend.backend(),
            "devices": on.count,
            "parameters": model.count_params(),
            "epochs": progress.epoch,
            "metrics": metrics,
            "rows": {"train": len(dataset.train), "validation": len(dataset.validation)},
            "data": {"fingerprint": dataset.fingerprint, **dataset.spec.to_json()},
            "scaled_losses": scaled_losses(model),
            **given,
            "laps": clock.timings,
        },
    )
    on.emit({"event": "trained", "metrics": metrics})
    shutil.rmtree(run.checkpoint, ignore_errors=True)


def terms(spec: DataSpec) -> contract.Terms:
    """What a model of this data offers to clients, as its versions will record it."""
    labels = {output.name: output.labels and list(output.labels) for output in spec.outputs}
    return {"signature": handoff.signature_of(spec).to_json(), "labels": labels}


def begin(config: Mapping[str, Any]) -> None:
    keras.utils.set_random_seed(config["seed"])
    keras.config.set_dtype_policy(config["train"]["precision"])


def made(config: Mapping[str, Any], dataset: Dataset) -> keras.Model:
    """The declared model, compiled, with the statistics of the training rows and a built optimizer."""
    settings = config["train"]
    model = build_model(config["model"], dataset.spec)
    adapt_statistics(model, dataset.train.inputs)
    model.compile(
        optimizer=keras_objects.optimizer(config["optimizer"]),
        loss=objectives.loss(settings["loss"], dataset.spec),
        metrics=objectives.metrics(settings["metrics"], dataset.spec),
    )
    model.optimizer.build(model.trainable_variables)
    return model


def scaled_losses(model: keras.Model) -> list[str]:
    """Outputs whose loss counts in deviations of the target; all metrics are in the target's own unit."""
    return [name for name, loss in model.loss.items() if isinstance(loss, ScaledLoss)]


def remade(config: Mapping[str, Any], dataset: Dataset) -> keras.Model:
    begin(config)
    return made(config, dataset)


def fit(
    model: keras.Model, dataset: Dataset, config: Mapping[str, Any], run: RunDir, key: str, on: OneDevice
) -> Progress:
    """Train from the last finished epoch on; returns how far it came (fewer epochs when a callback stopped it)."""
    settings = config["train"]
    declared = callbacks(settings["callbacks"])
    checkpoint = Checkpoint(run.checkpoint, key, model, declared)
    progress = checkpoint.restore()
    if progress.epoch:
        on.emit({"event": "resumed", "epoch": progress.epoch})
    weights = class_weights(settings["class_weight"], dataset)
    batches = Batches(
        dataset.train,
        settings["batch_size"],
        seed=config["seed"],
        epoch=progress.epoch,
        weights=weights,
        part=(on.rank, on.processes),
    )
    attached = on.attach(model, batches, declared)
    validation = on.share(dataset.validation)
    model.fit(
        batches,
        initial_epoch=progress.epoch,
        epochs=progress.epoch if progress.stopped else settings["epochs"],  # then only the callbacks' endings are left
        validation_data=(validation.inputs, validation.outputs),
        validation_batch_size=max(settings["batch_size"], 256),
        callbacks=[*declared, *attached, Watch(checkpoint, progress, run.history, config["seed"], on.emit, on.rank)],
        verbose=0,
    )
    return progress


def evaluate(model: keras.Model, rows: Rows, batch_size: int) -> dict[str, float]:
    """Loss and metrics on rows, in inference mode."""
    found = model.evaluate(rows.inputs, rows.outputs, batch_size=max(batch_size, 256), verbose=0, return_dict=True)
    return {name: float(value) for name, value in found.items()}
