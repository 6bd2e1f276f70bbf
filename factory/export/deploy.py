"""CHILD: The deploy stage: exports the hand-off to each target and has the gate check every artifact."""

from __future__ import annotations

import shutil
import tempfile
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from factory.core.errors import ExportError, FactoryError
from factory.core.files import move_folder, send_output_to, sha256, size, write_json
from factory.core.foreign_errors import one_line
from factory.core.predict import Predict
from factory.core.rundir import Emit, RunDir
from factory.core.timing import Clock
from factory.export.gate import Gate
from factory.export.target import RawArtifact, Target, get_target
from factory.preprocessing import reference
from factory.preprocessing.carried import encoded_targets, is_carried
from factory.training.handoff import HandOff

FAILURE = ExportError


def run(run: RunDir, *, emit: Emit, config: Mapping[str, Any], targets: Mapping[str, Mapping[str, Any]]) -> None:
    """Export, run and check each target; one that fails does not affect the others.

    Args:
        run: the run folder, with a finished training.
        emit: takes live events.
        config: the whole config.
        targets: target → ``key``, the cache key of its export, and ``attempts``, the backends that failed before.

    Raises:
        ExportError: the hand-off is not what training recorded, or the model does not load under this backend.
    """
    clock = Clock()
    with clock.timed("load"):
        gate = Gate.open(run, config)
    emit({"event": "loaded", "backend": gate.backend, "timings": clock.timings})
    stage_log = run.path / "deploy" / f"{gate.backend}.log"
    for target, request in targets.items():
        emit({"event": "exporting", "target": target})
        with tempfile.TemporaryDirectory(dir=run.path, prefix=".making-", ignore_cleanup_errors=True) as temporary:
            folder = Path(temporary) / target
            (folder / "artifact").mkdir(parents=True)
            send_output_to(folder / "log.txt")
            report = {
                "target": target,
                "backend": gate.backend,
                "precision": gate.precision,
                **request,
                **export_target(gate, target, folder / "artifact"),
            }
            send_output_to(stage_log)
            write_json(folder / "report.json", report)
            move_folder(folder, run.quarantine(target) if report["status"] == "refused" else run.deploy(target))
        emit({"event": "target", "target": target, "status": report["status"], "error": report["error"]})


def export_target(gate: Gate, target: str, artifact: Path) -> dict[str, Any]:
    """Export one target, run the artifact in its own runtime and compare it with the trained model.

    Whatever a converter or runtime raises becomes part of the report.

    Args:
        gate: with the loaded hand-off.
        target: name of the target.
        artifact: an empty folder for the artifact.

    Returns:
        The report: ``status`` is ``passed``, ``refused`` (the artifact does not compute what was trained) or ``failed``
        (there is no artifact that runs); ``error`` is one line.
    """
    clock = Clock()
    settings = gate.config["deploy"]["target"][target]
    try:
        format = get_target(target)
        with clock.timed("export"):
            notes = format.export(gate.model, gate.given.signature, artifact, **settings["options"])
        with clock.timed("open"):
            predict = format.load(artifact, gate.given.signature)
        carrier = None
        if gate.given.raw:
            with clock.timed("preprocessing"):
                carrier = add_preprocessing(format, artifact, gate.given, gate.config["deploy"], target)
                predict = (carrier and carrier.encoded) or predict
        with clock.timed("compare"):
            verdict = gate.judge(predict, settings["tolerance"], carrier)
        with clock.timed("latency"):
            latency = latencies(gate, predict, carrier)
    except Exception as error:  # a converter may raise anything; it must not end the other targets
        traceback.print_exc()
        summary = one_line(error)  # the whole message is in the log
        kind = "" if isinstance(error, FactoryError) else f"{type(error).__name__}: "
        return {"status": "failed", "error": f"{kind}{summary}", "timings": clock.timings}
    facts = {"notes": notes or {}, "bytes": size(artifact), "sha256": sha256(artifact), **latency}
    return {**verdict, **facts, "timings": clock.timings}


def add_preprocessing(
    format: Target, artifact: Path, given: HandOff, deploy: Mapping[str, Any], target: str
) -> RawArtifact | None:
    """Describe the preprocessing beside an exported model and, where the target carries it, put it into the artifact.

    Args:
        format: module of the target.
        artifact: folder that the model was exported to; gets ``preprocessing.json`` and ``preprocessing.py``.
        given: the hand-off, with preprocessing.
        deploy: the config's node.
        target: name of the target.

    Returns:
        The artifact that takes raw columns; None where it takes encoded inputs.

    Raises:
        ExportError: it would take encoded inputs, and ``deploy.encoded=false`` forbids that.
    """
    preprocessing = given.spec.preprocessing
    if preprocessing is None:
        return None
    settings = deploy["target"][target]
    for line in encoded_targets(preprocessing, {**deploy, "target": {target: settings}}):
        raise ExportError(line)
    beside = artifact / getattr(format, "EXTRA", ".")
    write_json(beside / "preprocessing.json", preprocessing.to_json())
    shutil.copyfile(reference.__file__, beside / "preprocessing.py")
    if not is_carried(preprocessing, settings):
        return None
    format.carry(artifact, given.signature, preprocessing)
    return cast(RawArtifact, format.load_raw(artifact, given.signature, preprocessing))


def latencies(gate: Gate, predict: Predict, carrier: RawArtifact | None) -> dict[str, Any]:
    """Return the part of the report about latency, and with preprocessing whether the artifact takes encoded inputs."""
    encoded, raw = gate.latency(predict, gate.given.rows.inputs), gate.given.raw
    if raw is None:
        return {"latency": encoded}
    if carrier is None:
        return {"latency": encoded, "encoded": True}
    rows = {name: values[: raw.count] for name, values in raw.rows.items()}
    return {"latency": gate.latency(carrier.answer, rows), "latency_encoded": encoded, "encoded": False}
