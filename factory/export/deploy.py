"""The deploy stage: the hand-off → artifacts → the gate, under the backend this process has."""

from __future__ import annotations

import tempfile
import traceback
from collections.abc import Container, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from factory.core.errors import ExportError, FactoryError
from factory.core.messages import one_line
from factory.core.predict import Predict
from factory.core.rundir import Emit, RunDir, move, send_output_to, sha256, size, write_json
from factory.core.timing import Clock
from factory.data.dataset import Array
from factory.export import parity
from factory.export.backend import current_backend
from factory.export.parity import Hop, Tolerance
from factory.export.target import get_target
from factory.models import keras_objects
from factory.training import handoff
from factory.training.handoff import HandOff

FAILURE = ExportError
LATENCIES = (1, 32)  # batch sizes
RUNTIME = {"float32": "float32", "mixed_float16": "float16", "mixed_bfloat16": "bfloat16"}  # policy → compute dtype


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
    with clock.lap("load"):
        gate = Gate.open(run, config)
    emit({"event": "loaded", "backend": gate.backend, "laps": clock.laps})
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
                **gate.judge(target, folder / "artifact"),
            }
            send_output_to(stage_log)
            write_json(folder / "report.json", report)
            move(folder, run.quarantine(target) if report["status"] == "refused" else run.deploy(target))
        emit({"event": "target", "target": target, "status": report["status"], "error": report["error"]})


@dataclass(frozen=True)
class Gate:
    """A loaded hand-off, and what its artifacts are judged by.

    Args:
        given: the hand-off.
        model: the trained model, loaded under this backend.
        predict: runs it.
        config: the tree.
    """

    given: HandOff
    model: keras.Model
    predict: Predict
    config: Mapping[str, Any]

    @classmethod
    def open(cls, run: RunDir, config: Mapping[str, Any]) -> Gate:
        given = handoff.read(run)
        model = handoff.load_model(run, config["deploy"]["precision"])
        return cls(given, model, current_backend().predictor(model, given.signature), config)

    @property
    def backend(self) -> str:
        return str(keras.config.backend())

    @property
    def precision(self) -> str:
        return str(self.config["deploy"]["precision"])

    def judge(self, target: str, artifact: Path) -> dict[str, Any]:
        """Export one target, run it in its own runtime and compare; never raises for what a converter may do.

        Returns:
            The report: ``status`` is ``passed``, ``refused`` (it does not compute what was trained) or ``failed``
            (there is no artifact that runs); ``error`` is one line.
        """
        clock = Clock()
        settings = self.config["deploy"]["target"][target]
        try:
            format = get_target(target)
            with clock.lap("export"):
                notes = format.export(self.model, self.given.signature, artifact, **settings["options"])
            with clock.lap("open"):
                predict = format.load(artifact, self.given.signature)
            with clock.lap("compare"):
                found = self.compare(predict, settings["tolerance"])
            with clock.lap("latency"):
                latency = {str(n): parity.latency(predict, self.given.rows.inputs, n) for n in LATENCIES}
        except Exception as error:  # a converter may raise anything; it must not end the other targets
            traceback.print_exc()
            said = one_line(error)  # of pages; all of them are in the log
            kind = "" if isinstance(error, FactoryError) else f"{type(error).__name__}: "
            return {"status": "failed", "error": f"{kind}{said}", "laps": clock.laps}
        kept = {"notes": notes or {}, "bytes": size(artifact), "sha256": sha256(artifact), "latency": latency}
        return {**found, **kept, "laps": clock.laps}

    def compare(self, predict: Predict, tolerances: Mapping[str, Any]) -> dict[str, Any]:
        """Every hop against what was trained, and the run's own metric before and after."""
        dtype = RUNTIME[self.config["train"]["precision"]]
        if tolerances[dtype] is None:
            raise ExportError(f"the config holds no tolerance for {dtype}")
        tolerance = Tolerance(**tolerances[dtype])
        hops = self.hops(predict, tolerance)
        broken = parity.first_broken(hops)
        worst = max(hops[-1].differences, key=lambda difference: difference.used)
        return {
            "status": "refused" if broken else "passed",
            "error": refusal(broken, tolerance, self.given.spec.scales) if broken else None,
            "broke": broken.name if broken else None,
            "difference": {"absolute": worst.max_absolute, "relative": worst.max_relative, "used": worst.used},
            "tolerance": {"dtype": dtype, **tolerances[dtype]},
            "flips": sum(difference.flips for difference in hops[-1].differences),
            "hops": [hop.to_json() for hop in hops],
            "metric": self.metric(predict),
        }

    def hops(self, predict: Predict, tolerance: Tolerance) -> list[Hop]:
        count = self.config["deploy"]["rows"]
        inputs, trained, reloaded = (
            {name: array[:count] for name, array in arrays.items()}
            for arrays in (self.given.rows.inputs, self.given.outputs, self.given.reloaded)
        )
        how: dict[str, Any] = {
            "decisions": {output.name: output.task for output in self.given.spec.outputs},
            "units": {name: np.array(scale.deviation) for name, scale in self.given.spec.scales.items()},
        }
        signature, source = self.given.signature, self.given.trained["backend"]

        def measured(run: Predict) -> tuple[parity.Difference, ...]:
            return parity.measure(run, inputs, trained, signature, tolerance, **how)

        return [
            Hop("reload", parity.compare(trained, reloaded, signature, tolerance, **how)),
            Hop(f"deploy load ({source} → {self.backend})", measured(self.predict)),
            Hop("artifact", measured(predict)),
        ]

    def metric(self, predict: Predict) -> dict[str, Any]:
        """The first output's first metric on all rows that travelled: as trained, and as the artifact computes."""
        name = self.given.spec.outputs[0].name
        metric = keras_objects.metrics(self.config["train"]["metrics"], self.given.spec)[name][0]
        rows = len(self.given.rows)
        parts = [predict(self.given.rows.take(slice(i, i + 256)).inputs)[name] for i in range(0, rows, 256)]

        def of(outputs: list[Array]) -> float:
            metric.reset_state()
            for i, part in enumerate(outputs):
                metric.update_state(self.given.rows.outputs[name][256 * i : 256 * i + len(part)], part)
            return float(metric.result())

        before = of([self.given.outputs[name][i : i + 256] for i in range(0, rows, 256)])
        return {"name": metric.name, "output": name, "rows": rows, "before": before, "after": of(parts)}


def refusal(broken: Hop, tolerance: Tolerance, scaled: Container[str]) -> str:
    """One line: the hop, the output and how far it is off."""
    worst = max(broken.differences, key=lambda difference: (difference.nonfinite, difference.used))
    unit = " of the target's deviation" if worst.output in scaled else ""
    allowed = f"{tolerance.absolute:g}{unit} + {tolerance.relative:g} of the value"
    not_finite = f"; {worst.nonfinite} values are not finite" if worst.nonfinite else ""
    return (
        f"does not compute what was trained; the first hop that broke: {broken.name}: "
        f"output {worst.output} differs by {worst.max_absolute:.2g}; allowed {allowed}{not_finite}"
    )
