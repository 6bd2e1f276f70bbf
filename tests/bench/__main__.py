"""``make bench``: the figures of the README, each measured in this run against the same work done by hand.

    python -m tests.bench [--rounds 5]
    python -m tests.bench sweep [--rounds 1]        # minutes a round: the loop by hand is long
    python -m tests.bench ray [--rounds 3]
    python -m tests.bench encode [--rounds 5]
    python -m tests.bench rows                      # no times, but whether answers are equal

Whole processes are timed from outside, the two sides in turn; medians and ratios are what to quote.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.bench import encode, ray, rows, sweep
from tests.bench.measure import FACTORY, Measured, by_hand, measure


def by_factory(folder: Path) -> Measured:
    overrides = [
        "model=mlp",
        "train.backend=torch",
        "train.epochs=5",
        f"hydra.run.dir={folder}/run",
        f"models={folder}/models",
    ]
    return measure([*FACTORY, *overrides])


def median(found: list[Measured], of: Callable[[Measured], float]) -> float:
    return statistics.median(map(of, found))


def hand_off(rounds: int) -> None:
    """Digits MLP, torch → SavedModel, against two scripts; then where the time of the last run went."""
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as scratch:
        for turn in range(rounds + 1):  # the first one warms the disk cache and is not counted
            for side, measured in ((by_hand, theirs), (by_factory, ours)):
                folder = Path(scratch) / f"{side.__name__}-{turn}"
                folder.mkdir()
                measured.append(side(folder))
        summary = json.loads((folder / "run" / "run.json").read_text())
    ours, theirs = ours[1:], theirs[1:]
    ratios = sorted(a.seconds / b.seconds for a, b in zip(ours, theirs, strict=True))
    print(f"whole run, digits MLP, torch → SavedModel, {rounds} rounds, medians")
    for name, found in (("by hand", theirs), ("factory", ours)):
        print(
            f"  {name:8} {median(found, lambda m: m.seconds):6.2f} s   peak {median(found, lambda m: m.peak):5.0f} MB"
        )
    print(f"  ratio    {statistics.median(ratios):6.2f}     ({ratios[0]:.2f} to {ratios[-1]:.2f})")
    print("where it went (the last run; steps of different processes overlap)")
    start = summary["timings"][0]["start"]
    for timing in sorted(summary["timings"], key=lambda timing: timing["start"]):
        print(f"  {timing['start'] - start:6.2f} s  + {timing['seconds']:5.2f} s  {timing['name']}")


def parent(rounds: int) -> None:
    """What must be quick because it starts no framework."""
    commands = {
        "--help": ([*FACTORY, "--help"], 0),
        "--cfg job": ([*FACTORY, "--cfg", "job"], 0),
        "config error": ([*FACTORY, "model.hiden=[64]", "train.backend=trch"], 2),
    }
    print(f"without a framework, {rounds} rounds, medians")
    for name, (command, code) in commands.items():
        found = [measure(command, expect=code) for _ in range(rounds)]
        print(
            f"  {name:12} {median(found, lambda m: m.seconds):5.2f} s   peak {median(found, lambda m: m.peak):4.0f} MB"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=["run", "sweep", "ray", "encode", "rows"], default="run")
    parser.add_argument("--rounds", type=int)
    options = parser.parse_args()
    if options.what == "sweep":
        sweep.main(options.rounds or 1)
    elif options.what == "ray":
        ray.main(options.rounds or 3)
    elif options.what == "encode":
        encode.main(options.rounds or 5)
    elif options.what == "rows":
        rows.main()
    else:
        hand_off(options.rounds or 5)
        parent(options.rounds or 5)


if __name__ == "__main__":
    main()
