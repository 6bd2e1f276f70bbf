"""What Ray adds to a sweep: for its start and end, and for each job.

python -m tests.bench ray
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from tests.bench.sweep import RATES, swept

ON_RAY = "hydra/launcher=factory_ray"
SMALL = ["train.backend=torch", "train.epochs=5", "deploy=none", "launcher.jobs=2", "launcher.threads=1"]


def main(rounds: int) -> None:
    """12 small jobs, and one alone, both ways in turn: the slope is what a job costs, the rest is start and end."""
    one, twelve = "optimizer.learning_rate=1e-3", f"optimizer.learning_rate={RATES}"
    starts, each = [], []
    with tempfile.TemporaryDirectory() as name:
        for turn in range(rounds):
            found = {
                (way, jobs): swept(Path(name) / f"{way}-{jobs}-{turn}", *SMALL, rates, *launcher).seconds
                for jobs, rates in ((1, one), (12, twelve))
                for way, launcher in (("here", []), ("ray", [ON_RAY]))
            }
            added = {jobs: found["ray", jobs] - found["here", jobs] for jobs in (1, 12)}
            starts.append(added[1])
            each.append((added[12] - added[1]) / 11)
            shown = "   ".join(f"{way}, {jobs}: {seconds:5.1f} s" for (way, jobs), seconds in found.items())
            print(f"  {shown}", flush=True)
    print(f"Ray adds {statistics.median(starts):.1f} s for its start and end, {statistics.median(each):.2f} s a job")
