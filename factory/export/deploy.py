"""CHILD: the deploy stage: the hand-off → artifacts → the gate, under the backend this process has."""

from __future__ import annotations

import tempfile
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from factory.core.errors import ExportError, FactoryError
from factory.core.files import move, send_output_to, sha256, size, write_json
from factory.core.messages import one_line
from factory.core.rundir import Emit, RunDir
from factory.core.timing import Clock
from factory.export.gate import Gate
from factory.export.target import get_target

FAILURE = ExportError


def run(run: RunDir, *, emit: Emit, config: Mapping[str, Any], targets: Mapping[str, Mapping[str, Any]]) -> None:
    """Make, run and judge each target; one that fails does not touch the others.

    Args:
        run: the run folder, with a finished training.
        emit: takes live events.
        config: the tree.
        targets: target → ``key`` (of this work) and ``attempts`` (routes that failed before).

    Raises:
        ExportError: the hand-off is not what training recorded, or does not load under this backend.
    """
    clock = Clock()
    with clock.timed("load"):
        gate = Gate.open(run, config)
    emit({"event": "loaded", "backend": gate.backend, "laps": clock.timings})
    stage_log = run.path / "deploy" / f"{gate.backend}.log"
    for target, asked in targets.items():
        emit({"event": "exporting", "target": target})
        with tempfile.TemporaryDirectory(dir=run.path, prefix=".making-", ignore_cleanup_errors=True) as temporary:
            folder = Path(temporary) / target
            (folder / "artifact").mkdir(parents=True)
            send_output_to(folder / "log.txt")
            report = {
                "target": target,
                "route": gate.backend,
                "precision": gate.precision,
                **asked,
                **export_target(gate, target, folder / "artifact"),
            }
            send_output_to(stage_log)
            write_json(folder / "report.json", report)
            move(folder, run.quarantine(target) if report["status"] == "refused" else run.deploy(target))
        emit({"event": "target", "target": target, "status": report["status"], "error": report["error"]})


def export_target(gate: Gate, target: str, artifact: Path) -> dict[str, Any]:
    """Export one target, run it in its own runtime and compare; never raises for what a converter may do.

    Returns:
        The report: ``status`` is ``passed``, ``refused`` (it does not compute what was trained) or ``failed``
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
        with clock.timed("compare"):
            found = gate.judge(predict, settings["tolerance"])
        with clock.timed("latency"):
            latency = gate.latency(predict)
    except Exception as error:  # a converter may raise anything; it must not end the other targets
        traceback.print_exc()
        said = one_line(error)  # of pages; all of them are in the log
        kind = "" if isinstance(error, FactoryError) else f"{type(error).__name__}: "
        return {"status": "failed", "error": f"{kind}{said}", "laps": clock.timings}
    kept = {"notes": notes or {}, "bytes": size(artifact), "sha256": sha256(artifact), "latency": latency}
    return {**found, **kept, "laps": clock.timings}
