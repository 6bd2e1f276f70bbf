"""Kill whole runs at random moments and see what becomes of them.

``python -m tests.attack.kills 60 --seed 1`` draws 60 kills from the seed: who is killed (parent, worker, job), by which
signal, and when. Several hit the same run folder one after the other; then the command is given once more and must end
with the weights of a run that nobody disturbed. Words after that are overrides: ``deploy=none`` kills trainings only.

What must never be: exit code 0 of a run that did not end well, a process that is left, a run.json that cannot be read,
a traceback, other weights.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from tests.commands import environment, factory, processes_of, started, wait_until
from tests.weights import same_weights

WHO = ("parent", "worker", "job")
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
A_FOLDER = 5  # kills of the same run, one after the other
PATIENCE = 10.0  # seconds that processes have to be gone
GOOD = ("published", "trained")
RUN = ["model=mlp", "train.backend=jax", "train.epochs=200", "model.dropout=0.2"]


@dataclass(frozen=True)
class Kill:
    """One of them.

    Args:
        who: is killed.
        by: a signal.
        after: seconds from the start of the command.
    """

    who: str
    by: signal.Signals
    after: float

    def __str__(self) -> str:
        return f"{self.by.name} to the {self.who} after {self.after:.1f} s"


@dataclass
class Tally:
    """What came out.

    Args:
        codes: how often each exit code was seen after a kill.
        missed: kills that came too late to hit anything.
        hits: kills by who and signal.
        resumed: runs that were finished afterwards and compared.
        problems: what must not be, one line each.
    """

    codes: Counter[int] = field(default_factory=Counter)
    hits: Counter[str] = field(default_factory=Counter)
    missed: int = 0
    resumed: int = 0
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        codes = ", ".join(f"{code}: {count}" for code, count in sorted(self.codes.items()))
        hits = ", ".join(f"{what}: {count}" for what, count in sorted(self.hits.items()))
        return (
            f"{self.hits.total()} kills ({hits}), {self.missed} too late\nexit codes: {codes}\n"
            f"{self.resumed} runs finished and compared\n{len(self.problems)} problems"
        )


def drawn(seed: int, longest: float) -> Iterator[Kill]:
    """Kills without end, in the order in which they are to happen."""
    dice = random.Random(seed)
    while True:
        yield Kill(dice.choice(WHO), dice.choice(SIGNALS), dice.uniform(0.2, longest))


def campaign(kills: int, seed: int, folder: Path, run: Sequence[str] = RUN) -> Tally:
    """Do it.

    Args:
        kills: how many.
        seed: of what is drawn.
        folder: for the runs; stays as it is left.
        run: overrides of the run that is killed.
    """
    began = time.monotonic()
    whole = factory(*words(run, folder / "whole"))
    if whole.code:
        raise RuntimeError(f"the run that nobody disturbs failed: {whole.err}")
    tally, draws = Tally(), drawn(seed, time.monotonic() - began)
    while tally.hits.total() < kills:
        place = folder / str(tally.resumed)
        attack(run, place, islice(draws, min(A_FOLDER, kills - tally.hits.total())), tally)
        finish(run, place, folder / "whole", tally)
    return tally


def words(run: Sequence[str], place: Path) -> list[str]:
    return [*run, f"models={place}/models", f"hydra.run.dir={place}/run"]


def attack(run: Sequence[str], place: Path, kills: Iterable[Kill], tally: Tally) -> None:
    """Start the command anew for each kill, in the same folder, until one ends well."""
    place.mkdir()
    for number, kill in enumerate(kills):
        log = place / f"{number}.txt"
        with started(*words(run, place), log=log) as process:
            hit = strike(process, kill)
            try:
                code = process.wait(timeout=180)
            except subprocess.TimeoutExpired:
                tally.problems.append(f"{place}: {kill}: hangs")
                continue
            with suppress(TimeoutError):
                wait_until(lambda process=process: not processes_of(process), PATIENCE)  # type: ignore[misc]
            tally.problems += [f"{place}: {kill}: left a process" for _ in processes_of(process)]
        tally.codes[code] += 1
        tally.missed += not hit
        tally.hits.update([f"{kill.who} {kill.by.name}"] if hit else [])
        tally.problems += [f"{place}: {kill}: {problem}" for problem in problems(place, code, kill, log)]
        if code == 0:
            return


def strike(process: subprocess.Popen[bytes], kill: Kill) -> bool:
    """Send the signal when its time has come and there is somebody to take it; whether there was."""
    time.sleep(kill.after)
    while process.poll() is None:
        found = victims(process, kill.who)
        if found:
            with suppress(ProcessLookupError):
                os.kill(found[0], kill.by)
                return True
        time.sleep(0.02)
    return False


def victims(process: subprocess.Popen[bytes], who: str) -> list[int]:
    if who == "parent":
        return [process.pid]
    ours = sorted(processes_of(process))
    workers = [number for number in ours if parent_of(number) == process.pid]
    return workers if who == "worker" else [number for number in ours if parent_of(number) in workers]


def parent_of(process: int) -> int | None:
    with suppress(OSError):
        return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    return None


def problems(place: Path, code: int, kill: Kill, log: Path) -> list[str]:
    """What is wrong with how a command ended."""
    file = place / "run" / "run.json"
    try:
        status = str(json.loads(file.read_text())["status"]) if file.exists() else "nothing"
    except ValueError:
        return [f"run.json cannot be read, exit code {code}"]
    found = [f"exit code 0, and run.json says {status}"] if code == 0 and status not in GOOD else []
    starting = kill.who == "parent" and kill.by is signal.SIGINT and not file.exists()  # Python itself says so then
    if "Traceback" in log.read_text() and not starting:
        found.append("a traceback")
    return found


def finish(run: Sequence[str], place: Path, whole: Path, tally: Tally) -> None:
    """The same command once more."""
    done = factory(*words(run, place))
    tally.resumed += 1
    if done.code:
        tally.problems.append(f"{place}: cannot be finished: exit code {done.code}: {done.err}")
    elif not same_weights(place / "run", whole / "run"):
        tally.problems.append(f"{place}: other weights")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.attack.kills", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("kills", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("words", nargs="*", help="overrides of the run")
    options = parser.parse_intermixed_args()
    folder = Path(tempfile.mkdtemp(prefix="kills-"))
    os.environ.update(environment())
    tally = campaign(options.kills, options.seed, folder, [*RUN, *options.words])
    sys.stdout.write("\n".join([str(tally), *tally.problems, ""]))
    if tally.problems:
        sys.stdout.write(f"see {folder}\n")
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
