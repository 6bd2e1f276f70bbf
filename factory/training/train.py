"""CHILD: The train stage: loads the data, builds and fits the model, evaluates it and writes the hand-off."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import Any

import keras

from factory.core import contract
from factory.core.errors import ConfigError, TrainError
from factory.core.files import write_json
from factory.core.rundir import Emit, RunDir
from factory.core.timing import Clock
from factory.data.dataset import Dataset, DataSpec
from factory.data.load import load_dataset
from factory.data.tables.shown import lines_of, pieces
from factory.models import architecture, keras_objects
from factory.models.adapt import adapt_statistics
from factory.models.build import build_model
from factory.preprocessing.carried import encoded_targets
from factory.training import handoff, judgement, objectives
from factory.training.augmentation import Augmentation
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
    """Train the declared model and write ``train/`` with the hand-off that every deploy stage starts from.

    Args:
        run: the run folder; a checkpoint of the same training in it is resumed.
        emit: takes live events.
        config: the part of the config for training: name, data, model, optimizer, train, seed, deploy.metric_rows.
        key: cache key of this training.
        promised: the record of the newest version of this name, whose contract the model must keep.

    Raises:
        PublishError: the signature of the data breaks that contract; nothing was trained.
        DataError, ConfigError: the data or the model is not what was declared; nothing was trained.
        TrainError: the loss became infinite or NaN, or the checkpoint belongs to another training.
    """
    with claim_devices(config["train"], emit) as claimed:
        train(run, config, key, promised, claimed)


def train(run: RunDir, config: Mapping[str, Any], key: str, promised: contract.Terms | None, on: OneDevice) -> None:
    """Train on the claimed devices; where several processes train, all but rank 0 end after fitting."""
    clock = Clock()
    set_seed_and_precision(config)
    with clock.timed("data"):
        dataset = load_dataset(config["data"])
    if dataset.spec.preprocessing and (refused := [*encoded_targets(dataset.spec.preprocessing, config["deploy"])]):
        raise ConfigError(refused)
    for note in dataset.notes:
        on.emit({"event": "note", "text": note})
    contract.require_same(config["name"], promised, terms(dataset.spec))
    for lines in pieces(lines_of(dataset.columns)):
        on.emit({"event": "columns", "lines": lines})
    for line in dataset.warnings:
        on.emit({"event": "warning", "text": line})
    metrics = objectives.metrics(config["train"]["metrics"], dataset.spec)
    judgement.refuse_unmeasured(config["deploy"].get("require") or {}, metrics, dataset.spec)
    with on.scope():
        with clock.timed("build"):
            model = build_compiled_model(config, dataset)
        if on.rank == 0:
            write_json(run.train / "architecture.json", architecture.describe_architecture(model))
        size = {"parameters": model.count_params(), "rows": len(dataset.train), "devices": on.count}
        on.emit({"event": "built", **size, "scaled": bool(scaled_losses(model))})
        with clock.timed("fit"):
            progress = fit(model, dataset, config, run, key, on)
    model = on.home(model, lambda: build_again(config, dataset))
    with clock.timed("evaluate"):
        judged, evaluation = judgement.judge(model, dataset, config["train"]["batch_size"])
        write_json(run.train / "evaluation.json", evaluation)
    with clock.timed("hand-off"):
        given = handoff.write_hand_off(run, model, dataset, config["deploy"]["metric_rows"])
    write_json(
        run.train / "report.json",
        {
            "status": "done",
            "key": key,
            "backend": keras.backend.backend(),
            "devices": on.count,
            "parameters": model.count_params(),
            "epochs": progress.epoch,
            **judged,
            "rows": {part: len(rows) for part, rows in dataset.parts.items()},
            "data": {"fingerprint": dataset.fingerprint, **dataset.spec.to_json(), **dataset.found()},
            "scaled_losses": scaled_losses(model),
            **given,
            "timings": clock.timings,
        },
    )
    on.emit({"event": "trained", "metrics": judged["metrics"]})
    shutil.rmtree(run.checkpoint, ignore_errors=True)


def terms(spec: DataSpec) -> contract.Terms:
    """Return the contract of a model of this data with its clients, as a version records it: signature and labels."""
    labels = {output.name: output.labels and list(output.labels) for output in spec.outputs}
    raw = {"raw": handoff.raw_signature_of(spec).to_json()} if spec.preprocessing else {}
    return {"signature": handoff.signature_of(spec).to_json(), **raw, "labels": labels}


def set_seed_and_precision(config: Mapping[str, Any]) -> None:
    """Set the declared random seed and precision."""
    keras.utils.set_random_seed(config["seed"])
    keras.config.set_dtype_policy(config["train"]["precision"])


def build_compiled_model(config: Mapping[str, Any], dataset: Dataset) -> keras.Model:
    """Build the declared model, adapt its preprocessing layers, compile it and build its optimizer."""
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
    """Return the outputs whose loss is in units of the target's deviation; metrics are always in the target's unit."""
    return [name for name, loss in model.loss.items() if isinstance(loss, ScaledLoss)]


def build_again(config: Mapping[str, Any], dataset: Dataset) -> keras.Model:
    """Build the declared model once more, from the seed on."""
    set_seed_and_precision(config)
    return build_compiled_model(config, dataset)


def fit(
    model: keras.Model, dataset: Dataset, config: Mapping[str, Any], run: RunDir, key: str, on: OneDevice
) -> Progress:
    """Fit the model from the last finished epoch on, and return the progress.

    Args:
        model: compiled; its weights are trained.
        dataset: rows to fit on, and rows to validate on after each epoch.
        config: as `run` takes it.
        run: gets history.csv and checkpoints.
        key: of this training.
        on: the devices.

    Returns:
        The progress, with fewer epochs than declared if a callback stopped the training.
    """
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
        augmentation=Augmentation.of(settings.get("augment"), dataset.spec),
    )
    attached = on.attach(model, batches, declared)
    validation, rows_at_once = on.share(dataset.validation), max(settings["batch_size"], 256)
    model.fit(
        batches,
        initial_epoch=progress.epoch,
        epochs=progress.epoch if progress.stopped else settings["epochs"],  # stopped: only on_train_end is left
        validation_data=(
            Batches(validation, rows_at_once, seed=None)
            if validation.stored
            else (validation.inputs, validation.outputs)
        ),
        validation_batch_size=None if validation.stored else rows_at_once,
        callbacks=[*declared, *attached, Watch(checkpoint, progress, run.history, config["seed"], on.emit, on.rank)],
        verbose=0,
    )
    return progress
