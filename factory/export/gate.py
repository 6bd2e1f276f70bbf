"""CHILD: The gate: checks hop by hop, from training on, whether an artifact computes what was trained."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from factory.core.errors import ExportError
from factory.core.predict import Arrays, Predict
from factory.core.rundir import RunDir
from factory.data.dataset import Array
from factory.export import parity
from factory.export.backend import current_backend
from factory.export.parity import Hop, Tolerance
from factory.export.raw_gate import preprocessing_hop
from factory.export.target import RawArtifact
from factory.training import handoff, objectives
from factory.training.handoff import HandOff

LATENCIES = (1, 32)  # batch sizes
RUNTIME = {"float32": "float32", "mixed_float16": "float16", "mixed_bfloat16": "bfloat16"}  # policy → compute dtype


@dataclass(frozen=True)
class Gate:
    """A loaded hand-off, and the checks of artifacts against it.

    Args:
        given: the hand-off.
        model: the trained model, loaded under this backend.
        predict: runs that model.
        config: the whole config.
    """

    given: HandOff
    model: keras.Model
    predict: Predict
    config: Mapping[str, Any]

    @classmethod
    def open(cls, run: RunDir, config: Mapping[str, Any]) -> Gate:
        """Read the hand-off of a run and load its model.

        Raises:
            ExportError: the hand-off is not what training recorded, or the model does not load.
        """
        given = handoff.read_hand_off(run)
        model = handoff.load_model(run, config["deploy"]["precision"])
        return cls(given, model, current_backend().predictor(model, given.signature), config)

    @property
    def backend(self) -> str:
        """The Keras backend of this process."""
        return str(keras.config.backend())

    @property
    def precision(self) -> str:
        """The declared precision of the exported model: ``trained`` or ``float32``."""
        return str(self.config["deploy"]["precision"])

    def judge(
        self, predict: Predict, tolerances: Mapping[str, Any], carrier: RawArtifact | None = None
    ) -> dict[str, Any]:
        """Compare the predictions of every hop with those of training, and the run's first metric before and after.

        Args:
            predict: runs the artifact in its own runtime.
            tolerances: of the target, compute dtype → ``absolute`` and ``relative``.
            carrier: the artifact with its preprocessing, where it takes raw columns.

        Returns:
            The part of the report about the comparison: ``status`` is ``passed`` or ``refused``, ``error`` is one line.

        Raises:
            ExportError: there is no tolerance for the dtype, or the artifact does not run or match its signature.
        """
        dtype = RUNTIME[self.config["train"]["precision"]]
        if tolerances.get(dtype) is None:
            raise ExportError(f"the config holds no tolerance for {dtype}")
        tolerance = Tolerance(**tolerances[dtype])
        hops = self.hops(predict, tolerance)
        if carrier and self.given.raw:
            hops.append(preprocessing_hop(carrier, self.given.raw, self.given.signature, tolerance, self.comparison))
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

    def latency(self, predict: Predict, inputs: Arrays) -> dict[str, float]:
        """Return the median seconds of one prediction by batch size; ``inputs`` are rows to run it on."""
        return {str(rows): parity.latency(predict, inputs, rows) for rows in LATENCIES}

    @property
    def comparison(self) -> dict[str, Any]:
        """How outputs are compared, as arguments of `parity.compare`."""
        return {
            "decisions": {output.name: output.task for output in self.given.spec.outputs},
            "units": {name: np.array(scale.deviation) for name, scale in self.given.spec.scales.items()},
        }

    def hops(self, predict: Predict, tolerance: Tolerance) -> list[Hop]:
        """Measure every hop: reload in training, load in this process, and the artifact."""
        count = self.config["deploy"]["rows"]
        inputs, trained, reloaded = (
            {name: array[:count] for name, array in arrays.items()}
            for arrays in (self.given.rows.inputs, self.given.outputs, self.given.reloaded)
        )
        settings = self.comparison
        signature, source = self.given.signature, self.given.trained["backend"]

        def measured(run: Predict) -> tuple[parity.Difference, ...]:
            return parity.measure_differences(run, inputs, trained, signature, tolerance, **settings)

        return [
            Hop("reload", parity.compare(trained, reloaded, signature, tolerance, **settings)),
            Hop(f"deploy load ({source} → {self.backend})", measured(self.predict)),
            Hop("artifact", measured(predict)),
        ]

    def metric(self, predict: Predict) -> dict[str, Any]:
        """Compute the first metric of the first output on all reference rows, for training and for the artifact."""
        name = self.given.spec.outputs[0].name
        metric = objectives.metrics(self.config["train"]["metrics"], self.given.spec)[name][0]
        rows = len(self.given.rows)
        parts = [predict(self.given.rows.read(slice(i, i + 256)).inputs)[name] for i in range(0, rows, 256)]

        def metric_of(outputs: list[Array]) -> float:
            metric.reset_state()
            for i, part in enumerate(outputs):
                metric.update_state(self.given.rows.outputs[name][256 * i : 256 * i + len(part)], part)
            return float(metric.result())

        before = metric_of([self.given.outputs[name][i : i + 256] for i in range(0, rows, 256)])
        return {"name": metric.name, "output": name, "rows": rows, "before": before, "after": metric_of(parts)}


def refusal(broken: Hop, tolerance: Tolerance, scaled: Container[str]) -> str:
    """Return the error of a refused artifact in one line: the hop, the output and how far it is off."""
    what = f"does not compute what was trained; the first hop that broke: {broken.name}: "
    if broken.faults:
        more = f" (and {len(broken.faults) - 1} more)" if len(broken.faults) > 1 else ""
        return f"{what}{broken.faults[0]}{more}"
    worst = max(broken.differences, key=lambda difference: (difference.nonfinite, difference.used))
    unit = " of the target's deviation" if worst.output in scaled else ""
    allowed = f"{tolerance.absolute:g}{unit} + {tolerance.relative:g} of the value"
    not_finite = f"; {worst.nonfinite} values are not finite" if worst.nonfinite else ""
    return f"{what}output {worst.output} differs by {worst.max_absolute:.2g}; allowed {allowed}{not_finite}"
