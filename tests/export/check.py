"""Child: load every kind under this process's backend, export it to each target, run the artifact, print one JSON line.

python check.py FOLDER TARGET,TARGET [KIND …]  →  {"target":…, "kind":…, "error": null | text, "hops": […], …}
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

from factory.core.errors import ExportError
from factory.core.predict import Predict
from factory.core.signature import Signature
from factory.export.backend import current_backend
from factory.export.parity import Hop, Tolerance, compare, first_broken
from factory.export.target import get_target

TOLERANCE = Tolerance(absolute=1e-4, relative=1e-3)
BATCHES = (1, 2, 7, 33)
LEFT: list[str] = []
"""Connections and processes that were started since the imports: no export may report home."""


def watch(event: str, _: object) -> None:
    if event in ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.fork", "os.posix_spawn"):
        LEFT.append(event)


def check(target: str, model: keras.Model, source: Path, folder: Path) -> dict[str, Any]:
    signature = Signature.from_json(json.loads((source / "signature.json").read_text()))
    with np.load(source / "reference.npz") as stored:
        inputs = {tensor.name: stored[f"in.{tensor.name}"] for tensor in signature.inputs}
        reference = {tensor.name: stored[f"out.{tensor.name}"] for tensor in signature.outputs}

    def hop(name: str, predict: Predict) -> Hop:
        differences = []
        for size in BATCHES:
            outputs = predict({key: rows[:size] for key, rows in inputs.items()})
            if list(outputs) != [tensor.name for tensor in signature.outputs]:
                raise ExportError(f"outputs come as {list(outputs)}")
            expected = {key: rows[:size] for key, rows in reference.items()}
            differences += compare(expected, outputs, signature, TOLERANCE, batch=str(size))
        return Hop(name, tuple(differences))

    LEFT.clear()
    format = get_target(target)
    hops = [hop("deploy load", current_backend().predictor(model, signature))]
    started = time.perf_counter()
    notes = format.export(model, signature, folder)
    exported = time.perf_counter()
    predict = format.load(folder, signature)
    loaded = time.perf_counter()
    hops.append(hop("artifact", predict))
    broken = first_broken(hops)
    return {
        "broken": broken and broken.name,
        "worst": max(difference.used for difference in hops[-1].differences),
        "notes": notes,
        "left the process": sorted(set(LEFT)),
        "files": sorted(path.name for path in folder.iterdir()),
        "export": round(exported - started, 3),
        "load": round(loaded - exported, 3),
    }


def main(sources: Path, names: list[str], kinds: list[str]) -> None:
    for source in sorted(path for path in sources.iterdir() if not kinds or path.name in kinds):
        model = keras.saving.load_model(source / "model.keras")
        for name in names:
            result: dict[str, Any] = {"target": name, "kind": source.name, "error": None}
            with tempfile.TemporaryDirectory() as scratch:
                try:
                    result |= check(name, model, source, Path(scratch))
                except ExportError as error:
                    result["error"] = str(error)
            print("RESULT", json.dumps(result), flush=True)


if __name__ == "__main__":
    sys.addaudithook(watch)
    main(Path(sys.argv[1]), sys.argv[2].split(","), sys.argv[3:])
