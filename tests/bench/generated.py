"""Child of the bench of rows: generated rows through a run's artifacts, a JSON line for each target.

python -m tests.bench.generated RUN COUNT TARGET …
"""

from __future__ import annotations

import json
import sys
from functools import reduce
from pathlib import Path

from factory.core.rundir import RunDir
from factory.export.parity import Tolerance
from factory.export.raw_gate import preprocessing_hop
from factory.export.target import get_target
from factory.preprocessing.reference import encode
from factory.preprocessing.strange import strange_rows
from factory.training.handoff import load_model, predictions, read_hand_off
from factory.training.raw_rows import RawRows, joined


def main(run: RunDir, count: int, targets: list[str]) -> None:
    given = read_hand_off(run)
    preprocessing = given.spec.preprocessing
    assert preprocessing is not None
    size = len(next(iter(strange_rows(preprocessing).values())))
    rows = reduce(joined, (strange_rows(preprocessing, seed) for seed in range(1, 2 + count // size)))
    inputs = encode(preprocessing.to_json(), rows)
    raw = RawRows(preprocessing, 0, rows, inputs, predictions(load_model(run), inputs))
    for target in targets:
        carrier = get_target(target).load_raw(run.artifact(target), given.signature, preprocessing)
        hop = preprocessing_hop(carrier, raw, given.signature, Tolerance(1e-4, 1e-3), {})
        print("RESULT " + json.dumps({"target": target, "hop": hop.to_json()}))


if __name__ == "__main__":
    main(RunDir(Path(sys.argv[1])), int(sys.argv[2]), sys.argv[3:])
