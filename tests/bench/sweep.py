"""The figures of sweeps, each against the same work done without one.

python -m tests.bench sweep
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.measure import FACTORY, ROOT, Measured, by_hand, measure

RATES = ",".join(f"{rate:g}" for rate in (1e-4, 2e-4, 3e-4, 5e-4, 1e-3, 2e-3, 3e-3, 5e-3, 1e-2, 2e-2, 3e-2, 5e-2))
HIDDEN = "[32],[64],[128],[256]"
UNDER_HYDRA = "tests.bench.by_hand.under_hydra"
ROWS = "100,120,140,160,180,200"  # six deployments of each training


def swept(folder: Path, *words: str) -> Measured:
    """A sweep from nothing to its leaderboard."""
    return measure([*FACTORY, "-m", "model=mlp", *words, f"hydra.sweep.dir={folder}", f"models={folder}/models"])


def against_a_loop(scratch: Path, rounds: int) -> None:
    """12 small jobs, against the two scripts by hand: in a shell loop, then under Hydra's own launcher."""
    lines = []
    for turn in range(rounds):
        words = ["train.backend=torch", "train.epochs=5", f"optimizer.learning_rate={RATES}"]
        ours = [swept(scratch / f"twelve-{turn}", *words).seconds]
        theirs = 0.0
        for place in range(12):
            folder = scratch / f"hand-{turn}-{place}"
            folder.mkdir()
            theirs += by_hand(folder).seconds
        ours.append(swept(scratch / f"twelve-again-{turn}", *words).seconds)  # the loop is long: the machine may change
        jobs = ",".join(map(str, range(12)))
        places = [f"+folder={scratch}/hydra-{turn}", f"hydra.sweep.dir={scratch}/hydra-{turn}/logs"]
        basic = measure([sys.executable, "-m", UNDER_HYDRA, "-m", f"+job={jobs}", *places]).seconds
        ratios = [max(ours) / theirs, max(ours) / basic]
        lines.append(f"  sweep {ours[0]:.1f} and {ours[1]:.1f} s")
        lines.append(
            f"  shell loop {theirs:6.1f} s: ratio {ratios[0]:.3f}   Hydra {basic:6.1f} s: ratio {ratios[1]:.3f}"
        )
    print("\n".join(["12 jobs, torch → SavedModel", *lines]))


def sharing(scratch: Path) -> None:
    """24 jobs that share 4 trainings, against the 4 trainings alone and the 24 exports alone."""
    folder = scratch / "shared"
    words = ["train.backend=jax", "train.epochs=5", f"model.hidden={HIDDEN}"]
    trainings = swept(scratch / "four", *words, "deploy=none")
    whole = swept(folder, *words, f"deploy.rows={ROWS}")
    for run in folder.glob("[0-9]*"):  # only the trainings stay
        shutil.rmtree(run / "deploy")
        (run / "version.json").unlink()
        (run / "run.json").unlink()
    exports = swept(folder, *words, f"deploy.rows={ROWS}")
    parts = trainings.seconds + exports.seconds
    print("24 jobs that share 4 trainings")
    print(f"  4 trainings {trainings.seconds:5.1f} s + 24 exports {exports.seconds:5.1f} s = {parts:5.1f} s")
    print(f"  the sweep   {whole.seconds:5.1f} s   ratio {whole.seconds / parts:.2f}")


PLANNING = """
import json, resource, sys, time
from factory.config.composition.folders import config_search_path
from factory.config.composition.grid import Grid
from factory.config.composition.hydra_cli import run_sweep
from factory.sweep.plan import Drafting, draft

class Planner:
    def launch(self, loader, master, fields, jobs, first):
        print(len(draft(Drafting(Grid(loader, master, config_search_path(None)), 1), jobs, first)), end=" jobs  ")
        return []

began = time.perf_counter()
run_sweep(sys.argv[1:], Planner(), None, "config")
print(f"{time.perf_counter() - began:5.1f} s  {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:4.0f} MB")
"""


def planning(scratch: Path) -> None:
    """5,000 jobs composed, validated, deduplicated and written down; every value another, and a product of few."""
    print("planning", flush=True)
    several = ["seed=range(50)", f"model.hidden={HIDDEN},[8]", "train.backend=torch,jax", "deploy=serving,edge"]
    several += ["optimizer=adam,sgd,adamw,lion,muon"]
    for place, words in enumerate((["optimizer.learning_rate=range(1,5001)"], several)):
        command = [sys.executable, "-c", PLANNING, *words, f"hydra.sweep.dir={scratch}/plan-{place}"]
        subprocess.run(command, cwd=ROOT, check=True)


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        planning(scratch)
        sharing(scratch)
        against_a_loop(scratch, rounds)
