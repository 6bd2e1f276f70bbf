"""Raw rows through published artifacts against the trained model: 100,000 of a mixed table, 10,000 generated ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import polars as pl

from tests.bench import encode
from tests.bench.measure import FACTORY, ROOT, measure

ROWS, GENERATED = 100_000, 10_000
TARGETS = ("saved_model", "onnx")


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        table().write_parquet(folder / "table.parquet")
        words = ["data=parquet", f"data.path={folder}/table.parquet", "data.target=label", "train.epochs=2"]
        words += ["data.split.validation=0.8", f"deploy.metric_rows={ROWS}", f"deploy/target=[{','.join(TARGETS)}]"]
        measure([*FACTORY, *words, f"hydra.run.dir={folder}/run", f"models={folder}/models"])
        for target in TARGETS:
            report = json.loads((folder / "run" / "deploy" / target / "report.json").read_text())
            say(target, "rows of the table and generated", report["hops"][-1])
            raw, encoded = report["latency"], report["latency_encoded"]
            pairs = ", ".join(
                f"batch {n}: {raw[n] * 1e3:.2f} ms raw, {encoded[n] * 1e3:.2f} encoded, ratio {raw[n] / encoded[n]:.2f}"
                for n in raw
            )
            print(f"  latency  {pairs}")
        variables = os.environ | {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
        child = [sys.executable, "-m", "tests.bench.generated", str(folder / "run"), str(GENERATED), *TARGETS]
        done = subprocess.run(child, cwd=ROOT, env=variables, stdout=subprocess.PIPE, text=True, check=True)
        for line in done.stdout.splitlines():
            if line.startswith("RESULT "):
                found = json.loads(line[7:])
                say(found["target"], "generated rows alone", found["hop"])


def table() -> pl.DataFrame:
    """The table of the bench of encoding, with a label that follows from it."""
    frame = encode.table(int(ROWS / 0.8))
    score = pl.col("number0").fill_null(1.0).log() + pl.col("number1").fill_null(1.0).log()
    return frame.with_columns(label=pl.when(score > 0).then(pl.lit("high")).otherwise(pl.lit("low")))


def say(target: str, what: str, hop: dict[str, Any]) -> None:
    for found in hop["differences"]:
        print(
            f"{target}: {what}: {found['rows']:,} compared, largest difference {found['max_absolute']:.1e}, "
            f"{found['flips']} other labels, columns encoded otherwise: {len(hop.get('faults', []))}"
        )
