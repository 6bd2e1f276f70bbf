"""Edit the folders of runs, versions and sweeps at random, and see what the commands that read them do.

``python -m tests.attack.folders 100 --seed 1``

Each case is a fresh copy of real folders with one to three edits: fields removed or of another kind, files cut, emptied
or of other tools, names that are paths, links that lead outside. Then ``list``, ``report``, ``compare`` and ``resume``
read it. A case is a finding where a command raises, where a file outside changed or is gone, or where an exit code is
not true.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from factory.cli.main import main
from factory.core.files import sha256

SMALL = ["model.hidden=[8]", "train.backend=jax", "train.epochs=1", "deploy/target=[onnx]"]
TEXTS = (".json", ".jsonl", ".yaml", ".csv")
OTHERS = ("", "null", "[]", "{", '{"run": 1}', "\0\1\2", "[" * 5000, "a: &a [*a]", '{"name": "\\ud800"}', "status: 7")
"""What other tools, full disks and jokers leave in a file."""


@dataclass
class Case:
    """One copy of the folders.

    Args:
        place: holds ``run``, ``other``, ``models`` and ``sweep``, and ``outside``, which nobody may touch.
        edits: what was done to it.
        findings: what went wrong.
        codes: command → exit code.
    """

    place: Path
    edits: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    codes: dict[str, int] = field(default_factory=dict)

    @property
    def victims(self) -> list[str]:
        outside = self.place / "outside"
        return [str(outside / "victim"), "../outside/victim", "../../outside/victim", str(outside / "file.txt")]


def originals(place: Path) -> None:
    """Two runs that published, and a sweep of two jobs, made by the commands themselves."""
    models = f"models={place}/models"
    asked = {
        "run": [*SMALL, f"hydra.run.dir={place}/run", models],
        "other": [*SMALL, "seed=1", f"hydra.run.dir={place}/other", models],
        "sweep": sweep_words(place),
    }
    for name, words in asked.items():
        code, said = called(*words)
        if code != 0:
            raise RuntimeError(f"{name}: exit code {code}: {said}")
    victim = place / "outside" / "victim"
    victim.mkdir(parents=True)
    (victim / "precious").write_text("precious")
    (place / "outside" / "file.txt").write_text("precious")


def sweep_words(place: Path) -> list[str]:
    return ["-m", *SMALL, "seed=1,2", f"hydra.sweep.dir={place}/sweep", f"models={place}/models"]


def called(*words: str) -> tuple[int, str]:
    """Run a command in this process: exit code and all that it printed."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = main(words)
    return code, said.getvalue()


def copied(originals: Path, place: Path) -> Case:
    """Copy the originals; the paths in their files are those of the copy."""
    shutil.copytree(originals, place, symlinks=True)
    for path in place.rglob("*"):
        if path.suffix in TEXTS and path.is_file():
            path.write_text(path.read_text().replace(str(originals), str(place)))
    return Case(place)


# ---- edits


def edit(case: Case, chance: random.Random) -> None:
    """Do one edit somewhere in the run, the versions or the sweep."""
    root = case.place / chance.choice(["run", "run", "run", "models", "sweep"])
    files = sorted(path for path in root.rglob("*") if path.suffix in TEXTS and path.is_file())
    path = chance.choice(files)
    do = chance.choice([change_field, change_field, change_field, replace_text, cut, link, swap])
    done = do(path, case, chance)
    case.edits.append(f"{path.relative_to(case.place)}: {done}")


def value(case: Case, chance: random.Random) -> Any:
    """Anything that no field expects."""
    plain = [None, True, -1, 0, 2.5, 10**30, float("inf"), "", "..", "x" * 5000, [], {}, [None], {"a": {}}, "[/red]x"]
    return chance.choice([*plain, *case.victims, "a\0b", {victim: {} for victim in case.victims}])


def change_field(path: Path, case: Case, chance: random.Random) -> str:
    """Remove a field, give it another value, or add one whose name is a path."""
    if path.suffix == ".csv":
        return replace_text(path, case, chance)
    lines = path.read_text().splitlines() if path.suffix == ".jsonl" else [path.read_text()]
    place = chance.randrange(len(lines))
    document = yaml.safe_load(lines[place]) if path.suffix == ".yaml" else json.loads(lines[place])
    node, steps = document, []
    while isinstance(node, dict | list) and node:
        step = chance.choice(list(node) if isinstance(node, dict) else range(len(node)))
        steps.append(step)
        if not isinstance(node[step], dict | list) or not node[step] or chance.random() < 0.3:
            break
        node = node[step]
    if not steps:
        return replace_text(path, case, chance)
    what = chance.choice(["removed", "changed", "changed", "named"])
    if what == "removed":
        del node[steps[-1]]
    elif what == "named" and isinstance(node, dict):
        node[chance.choice(case.victims)] = node.pop(steps[-1])
    else:
        node[steps[-1]] = value(case, chance)
    text = yaml.safe_dump(document, sort_keys=False) if path.suffix == ".yaml" else json.dumps(document)
    lines[place] = text
    path.write_text("\n".join(lines))
    return f"{'.'.join(map(str, steps))} {what}"


def replace_text(path: Path, case: Case, chance: random.Random) -> str:
    text = chance.choice(OTHERS)
    path.write_bytes(b"\xff\xfe\x00" if chance.random() < 0.1 else text.encode("utf-8", "surrogatepass"))
    return f"holds {text[:20]!r}"


def cut(path: Path, case: Case, chance: random.Random) -> str:
    text = path.read_bytes()
    path.write_bytes(text[: chance.randrange(max(1, len(text)))])
    return "cut"


def link(path: Path, case: Case, chance: random.Random) -> str:
    """Put a link to something outside in the place of a file or of its folder."""
    folder = chance.random() < 0.5
    place = path.parent if folder and path.parent.parent != case.place else path
    target = case.place / "outside" / ("victim" if place.is_dir() else "file.txt")
    shutil.rmtree(place) if place.is_dir() else place.unlink()
    place.symlink_to(target)
    return f"{place.name} is a link"


def swap(path: Path, case: Case, chance: random.Random) -> str:
    """A folder, a pipe or nothing in the place of a file."""
    path.unlink()
    what = chance.choice(["gone", "a folder", "a pipe"])
    if what == "a folder":
        (path / "below").mkdir(parents=True)
    elif what == "a pipe":
        os.mkfifo(path)
    return what


# ---- what must hold


def attack(case: Case) -> None:
    """Let every command read the folders, and note what is wrong."""
    place = case.place
    before = state(place / "outside")
    commands = {
        "list": ["list", str(place)],
        "report": ["report", str(place / "run")],
        "report sweep": ["report", str(place / "sweep")],
        "compare": ["compare", str(place / "run"), str(place / "other"), str(place / "sweep" / "0")],
        "compare version": ["compare", str(place / "models" / "onnx" / "mlp-digits" / "1"), str(place / "other")],
        "resume": ["resume", str(place / "run")],
        "resume sweep": sweep_words(place),
    }
    with contextlib.chdir(place):
        for name, words in commands.items():
            try:
                case.codes[name], said = called(*words)
            except BaseException as error:  # whatever comes out of a command is what we are looking for
                case.findings.append(f"{name}: {type(error).__name__}: {str(error)[:200]}")
                continue
            case.findings += [f"{name}: {line}" for line in said.splitlines() if "Traceback" in line]
    if state(place / "outside") != before:
        case.findings.append("a file outside was changed or removed")
    case.findings += untrue(case)


def state(folder: Path) -> dict[str, tuple[str, int]]:
    """Every file with its hash and the time it was written."""
    return {str(path): (sha256(path), path.stat().st_mtime_ns) for path in folder.rglob("*")}


def untrue(case: Case) -> Iterator[str]:
    """Exit codes of 0 where what was asked for is not there."""
    if case.codes.get("list", 0) != 0:
        yield f"list: exit code {case.codes['list']}"
    if case.codes.get("resume") != 0:
        return
    summary = json.loads((case.place / "run" / "run.json").read_text())
    if summary["status"] not in ("published", "trained"):
        yield f"resume: exit code 0, and the status is {summary['status']}"
    for name, target in (summary.get("targets") or {}).items():
        if target["published"] is None:
            continue
        version = Path(target["published"])
        if sha256(version, but="factory.json") != sha256(case.place / "run" / "deploy" / name / "artifact"):
            yield f"resume: {version} is not what this run made"


def campaign(count: int, seed: int, say: Callable[[str], object] = print) -> list[Case]:
    """Attack that many copies; the same seed makes the same edits."""
    cases = []
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, "made")
        originals(made)
        for number in range(count):
            chance = random.Random(f"{seed} {number}")
            case = copied(made, Path(folder, f"case-{number}"))
            for _ in range(chance.choice([1, 1, 1, 2, 3])):
                with contextlib.suppress(OSError, ValueError, IndexError):  # an edit on what an earlier one has spoiled
                    edit(case, chance)
            attack(case)
            cases.append(case)
            if case.findings:
                say(f"case {number}: {'; '.join(case.edits)}\n  " + "\n  ".join(case.findings))
            shutil.rmtree(case.place)
    return cases


def command() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("count", type=int, nargs="?", default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    cases = campaign(options.count, options.seed)
    bad = sum(bool(case.findings) for case in cases)
    resumed = sum(case.codes.get("resume") == 0 for case in cases)
    print(
        f"{len(cases)} edited folders: {bad} with findings; {resumed} resumed to a proven end, the others were refused"
    )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(command())
