"""Bad configs and command lines by the thousand: each is refused in one line a fault, within seconds, and does nothing.

python -m tests.attack.configs 10000 --seed 7      # in this process; every fiftieth refused one as a command as well

A case is a folder of groups, with what strangers would put there, and the words of a command line. None may raise
anything but our own errors, take over 5 s, show a secret, import or call anything, or leave a file.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import string
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from factory.config.composition.compose import compose_config
from factory.config.composition.folders import config_search_path, package_conf
from factory.config.composition.grid import Grid
from factory.config.composition.hydra_cli import job_config, run_sweep
from factory.config.load import validate_config
from factory.config.packages import check_packages
from factory.core.errors import FactoryError
from tests.commands import factory

SLOWEST = 5  # seconds
SECRET = "hunter2-hunter2-hunter2"
CANARY = "import pathlib\npathlib.Path(__file__).with_name('canary').touch()\ndef run(*_, **__): pass\n"
CALL = "{_target_: evil_canary.run}"

GROUPS = ("model", "data", "optimizer", "train", "deploy", "deploy/target", "tracker", "experiment")
HYDRA = (
    "hydra.callbacks.x._target_",
    "hydra.launcher._target_",
    "hydra.sweeper._target_",
    "hydra.searchpath",
    "hydra.job_logging.root",
    "hydra.job.env_set.LD_PRELOAD",
    "hydra.mode",
    "hydra.run.dir",
    "hydra.sweep.subdir",
    "hydra.launcher.jobs",
    "hydra.sweeper.params",
    "hydra/launcher",
    "hydra/callbacks",
    "hydra/job_logging",
    "hydra",
)
TEXTS = (
    "${oc.env:SECRET}",
    "\\${oc.env:SECRET}",
    "${oc.decode:'${oc.env:SECRET}'}",
    "${oc.create:{a: '${oc.env:SECRET}'}}",
    "${oc.${seed}:SECRET}",
    "${hydra:runtime.cwd}",
    "${hydra:nope}",
    "${nope}",
    "${model}",
    "${.kind}",
    "${..seed}",
    "${a b",
    "${",
    "${}",
    "}${",
    "${seed}${seed",
    "${x:1,2}",
    "${now:%Y}",
    "???",
    "<data.classes>",
    "<data.nope>",
    "~",
    "*",
    "[",
    "{a: [",
    "'",
    '"',
    "\\",
    "a\nb",
    "\x1b]0;x\x07",
    "\u202e\u0000\u2028",
    "ö" * 50,
    "x" * 5000,
    "9" * 5000,
    "-1",
    "1e999",
    ".nan",
    "../../etc/passwd",
    "/etc/passwd",
    "pkg://evil_canary",
    "evil_canary.sub",
    ".",
    "a.b.c",
    "__class__",
    "{model.joinpath}",
    "[" * 300,
    "range(1000000000)",
    "shuffle(range(1000000000))",
    "range(0,1,1e-12)",
    "choice(1,2)",
    "interval(0,1)",
    "tag(log,interval(-1,1))",
    "glob(*)",
    "int(x)",
    "1,2",
    "1,2,",
    "{a:1},{b:2}",
    "sort(3,1)",
    "null",
    "true",
)
YAMLS = (
    "a: &a [x, x]\n"
    + "".join(f"k{i}: &k{i} [*a, *a]\n" if i == 0 else f"k{i}: &k{i} [*k{i - 1}, *k{i - 1}]\n" for i in range(40)),
    "kind: &a [*a]\n",
    "a: &a {<<: *a}\n",
    "[" * 100_000,
    "{a: " * 60 + "}" * 60,
    "kind: mlp\nkind: mlp\n",
    "? [1]\n: 2\n",
    "~: 1\n",
    "- 1\n- 2\n",
    "just a text\n",
    "--- 1\n--- 2\n",
    "a: !!python/object/apply:evil_canary.run []\n",
    "a: !!set {1}\n",
    "a: !!binary aGVsbG8=\n",
    "a: !nope x\n",
    "a: 2026-01-01\n",
    "\t- a\n",
    "%YAML 9.9\n---\na: 1\n",
    "",
    "\ufeffkind: mlp\n",
    f"hydra: {{callbacks: {{x: {CALL}}}}}\n",
    f"hydra: {{launcher: {CALL}}}\n",
    "hydra: {searchpath: ['pkg://evil_canary']}\n",
    "hydra: {job_logging: {version: 1, handlers: {x: {(): evil_canary.run}}, root: {handlers: [x]}}}\n",
    "hydra: {job: {env_copy: [SECRET]}}\n",
    f"hydra: {{sweeper: {{sampler: {CALL}}}}}\n",
    "hydra: {sweeper: {params: {hydra.callbacks.x: 1}}}\n",
    f"layers: {CALL}\n",
)
HEADERS = ("", "", "", "# @package _global_\n", "# @package hydra\n", "# @package hydra.callbacks\n", "# @package\n")
DEFAULTS: tuple[Any, ...] = (
    "_self_",
    "default",
    "mlp",
    "/model/mlp",
    "../../etc/passwd",
    "//etc/passwd",
    "/hydra/callbacks/x",
    "x" * 300,
    "a@b@c",
    "a\0b",
    None,
    3,
    ["a"],
    {},
    {"a": 1, "b": 2},
    {"/model": "cnn"},
    {"/model": None},
    {"/model": ["mlp", 3]},
    {"/model": {"a": 1}},
    {3: "mlp"},
    {"override /model": "cnn"},
    {"override /model": "nope"},
    {"override hydra/launcher": "joblib"},
    {"override hydra/sweeper": "search"},
    {"override hydra/callbacks": "x"},
    {"/model@hydra.callbacks": "mlp"},
    {"optional /nope": "nope"},
    {"/${nope}": "x"},
    {"/model": "${data}"},
    {"/experiment": "x"},
)


@dataclass(frozen=True)
class Case:
    """One attack.

    Args:
        files: path in the folder of groups → content.
        words: of the command line.
        sweep: whether they are those of ``-m``.
    """

    files: dict[str, bytes]
    words: list[str]
    sweep: bool


@dataclass
class Outcome:
    """What became of the cases: ``problems`` is empty where all went as it must."""

    counts: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    problems: list[str] = field(default_factory=list)


class TimeOver(BaseException):
    """No `except Exception` takes it for a refusal."""


# ---- making


def keys_of(tree: Any, path: str = "") -> Iterator[str]:
    for key, part in tree.items() if isinstance(tree, dict) else ():
        yield f"{path}{key}"
        yield from keys_of(part, f"{path}{key}.")


class Maker:
    """Draws cases."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.keys = list(keys_of(compose_config(["model=graph", "deploy=everywhere"]).tree))
        self.parts = sorted(path for path in package_conf().rglob("*.yaml") if path.parent != package_conf())

    def case(self) -> Case:
        draw = self.draw
        files, words = {}, []
        if draw.random() < 0.6:
            group = draw.choice(GROUPS)
            files[f"{group}/x.yaml"] = self.file()
            words.append(f"{group}=[x]" if "/" in group else f"{group}=x")
        if draw.random() < 0.08:
            files["config.yaml"] = self.file()
        if draw.random() < 0.08:
            files[f"hydra/{draw.choice(('launcher', 'sweeper', 'callbacks', 'job_logging'))}/x.yaml"] = self.file()
            words.append(f"hydra/{draw.choice(('launcher', 'sweeper', 'callbacks', 'job_logging'))}=x")
        words += [self.word() for _ in range(draw.choice((0, 1, 1, 1, 2, 3) if files else (1, 1, 2, 3, 6)))]
        draw.shuffle(words)
        return Case(files, words, draw.random() < 0.3)

    def word(self) -> str:
        draw = self.draw
        if draw.random() < 0.03:
            return draw.choice(("", "=", "x", "-", "a b=c", "'a'=1", "~", "+", "++=", "@x=1", "na\nme=1", "=" * 50))
        sign = draw.choice(("",) * 8 + ("+", "++", "~"))
        kind = draw.random()
        if kind < 0.15:
            key = draw.choice(HYDRA)
        elif kind < 0.3:
            key = draw.choice(GROUPS) + draw.choice(("", "", "", "@x", "@hydra.callbacks", "@_global_"))
        elif kind < 0.85:
            key = draw.choice(self.keys) + draw.choice(("", "", "", "", ".x", ".0", "[0]"))
        else:
            key = self.key()
        return f"{sign}{key}={self.value_text()}"

    def value_text(self) -> str:
        draw = self.draw
        if draw.random() < 0.5:
            return draw.choice(TEXTS)
        text = yaml.safe_dump(self.value(2), default_flow_style=True, width=10**9, allow_unicode=True).strip()
        return text.removesuffix("\n...").replace("\n", " ")

    def key(self) -> str:
        draw = self.draw
        return draw.choice(
            (
                "".join(draw.choices(string.ascii_letters + "_.-/@:$ ", k=draw.randint(1, 12))),
                "k" * draw.choice((200, 300, 5000)),
                "_target_",
                "defaults",
                "\x1b[31mred",
                "a\nb",
                "ключ",
                "__init__",
                "field_0",
                "|dict",
                "model.",
                ".model",
                "a..b",
            )
        )

    def value(self, depth: int) -> Any:
        draw = self.draw
        kind = draw.random()
        if depth and kind < 0.2:
            return {
                self.key() if draw.random() < 0.4 else "name": self.value(depth - 1) for _ in range(draw.randint(0, 3))
            }
        if depth and kind < 0.4:
            return [self.value(depth - 1) for _ in range(draw.randint(0, 4))]
        if kind < 0.7:
            return draw.choice(TEXTS)
        numbers = (0, -1, 1, 10**6, 10**400, 2**63, 0.5, -0.0, float("nan"), float("inf"), 1e-320)
        return draw.choice((*numbers, True, False, None, "relu", "Dense", "Lambda", "torch"))

    def file(self) -> bytes:
        """A hostile text, or a file of ours with some of its values or lines spoiled."""
        draw = self.draw
        if draw.random() < 0.35:
            text = draw.choice(HEADERS) + draw.choice(YAMLS)
            return text.encode() if draw.random() < 0.9 else text.encode("utf-16")
        path = draw.choice(self.parts)
        text = path.read_text(encoding="utf-8")
        if draw.random() < 0.25:
            place = draw.randrange(len(text))
            spoiled = (
                text[:place] + draw.choice(("\x00", "\t", "[", "{", ":", "\xff", "&a *a", "\u202e")) + text[place:]
            )
            return spoiled.encode(draw.choice(("utf-8", "latin-1", "utf-8")), "replace")
        content = yaml.safe_load(text)
        for _ in range(draw.randint(1, 3)):
            self.spoil(content)
        if draw.random() < 0.3:
            content["defaults"] = draw.choices(DEFAULTS, k=draw.randint(1, 3))
            content["defaults"] = draw.choice((content["defaults"], content["defaults"], None, "x", {"a": 1}))
        return (draw.choice(HEADERS) + yaml.safe_dump(content, allow_unicode=True)).encode("utf-8", "surrogateescape")

    def spoil(self, node: Any) -> None:
        """Change something somewhere in a tree."""
        draw = self.draw
        while isinstance(node, dict) and node:
            key = draw.choice(list(node))
            if isinstance(node[key], dict) and node[key] and draw.random() < 0.7:
                node = node[key]
                continue
            if draw.random() < 0.3:
                node[self.key()] = self.value(3)
            else:
                node[key] = self.value(3)
            return


# ---- judging


@contextmanager
def within(seconds: float) -> Iterator[None]:
    def over(*_: object) -> None:
        raise TimeOver

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class Jobs:
    """Stands where a sweep does: composes and judges the first jobs, and runs none."""

    def __init__(self, conf: Path) -> None:
        self.search_path = config_search_path(str(conf))

    def launch(self, loader: Any, master: Any, fields: Any, jobs: Any, first: int) -> list[Any]:
        grid = Grid(loader, master, self.search_path)
        for number, overrides in enumerate(jobs[:3], first):
            validate_config(grid.config(number, overrides).tree)
        return []

    def search(self, loader: Any, master: Any, words: Any) -> None:
        pass

    def __call__(self, composed: Any) -> None:
        validate_config(job_config(composed).tree)


def attempt(case: Case, conf: Path) -> None:
    """Compose and judge, as the command would before it starts anything."""
    if case.sweep:
        run_sweep(case.words, Jobs(conf), str(conf), "config")
    else:
        composed = compose_config(case.words, str(conf))
        validate_config(composed.tree)
        check_packages(composed.tree)


def judge(case: Case, here: Path, outcome: Outcome) -> bool:
    """Try one case in ``here``, where nothing may appear but its folder of groups.

    Returns:
        Whether it was refused.
    """
    conf = here / "conf"
    shutil.rmtree(conf, ignore_errors=True)
    conf.mkdir()
    for name, content in case.files.items():
        file = conf / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    before = names(here)
    began, refused = time.process_time(), False  # what others on this machine do is no fault

    def say(what: str) -> None:
        outcome.problems.append(f"{what}: {case}")

    try:
        with within(4 * SLOWEST):
            attempt(case, conf)
        outcome.counts["accepted"] += 1
    except FactoryError as error:
        refused = True
        outcome.counts["refused"] += 1
        lines = str(error).split("\n")
        if not all(line.strip() for line in lines) or not all(": " in line for line in lines):
            say(f"a line that says nothing of where: {error}")
        if SECRET in str(error):
            say(f"a secret in {error}")
        if lines[0].startswith(("config:", "override")):
            outcome.counts["told as config: alone"] += 1
    except TimeOver:
        say("no end")
    except BaseException as error:
        say(f"{type(error).__name__}: {error}")
    seconds = time.process_time() - began
    outcome.slowest = max(outcome.slowest, seconds)
    if seconds > SLOWEST:
        say(f"{seconds:.1f} s")
    if left := names(here) - before:
        say(f"left {sorted(left)}")
        for name in left:
            shutil.rmtree(here / name, ignore_errors=True)
            (here / name).unlink(missing_ok=True)
    return refused


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if "__pycache__" not in path.parts}


def as_command(case: Case, here: Path, outcome: Outcome) -> None:
    """The same as a user would: exit code 2, a line a fault, nothing left."""
    words = [word for word in case.words if "\0" not in word]
    before = names(here)
    began = time.monotonic()
    done = factory(*(["-m"] if case.sweep else []), "--config-dir", str(here / "conf"), "--", *words, cwd=here)
    outcome.counts["commands"] += 1
    if done.code != 2 or "Traceback" in done.err or not done.err.strip() or SECRET in done.err + done.out:
        outcome.problems.append(f"command: exit {done.code}: {done.out} {done.err}: {case}")
    if left := names(here) - before:
        outcome.problems.append(f"command left {sorted(left)}: {case}")
    outcome.slowest = max(outcome.slowest, time.monotonic() - began)


def attack(count: int, seed: int, *, commands: int = 0, progress: bool = False) -> Outcome:
    """Try ``count`` cases.

    Args:
        commands: every so many refused ones are tried as a command as well; 0 tries none.
    """
    maker, outcome = Maker(seed), Outcome()
    folder, environment = Path.cwd(), dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="factory-attack-") as temporary:
        here = Path(temporary, "here")
        here.mkdir()
        (here / "evil_canary.py").write_text(CANARY)
        os.chdir(here)
        os.environ["SECRET"] = SECRET
        sys.path.insert(0, str(here))
        try:
            for number in range(1, count + 1):
                case = maker.case()
                refused = judge(case, here, outcome)
                if commands and refused and outcome.counts["refused"] % commands == 0:
                    as_command(case, here, outcome)
                if progress and number % 500 == 0:
                    print(f"{number}: {dict(outcome.counts)}, {len(outcome.problems)} problems", flush=True)
        finally:
            sys.path.remove(str(here))
            os.chdir(folder)
            os.environ.clear()
            os.environ.update(environment)
    return outcome


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--commands", type=int, default=50, help="every so many refused cases as a command as well")
    options = parser.parse_args()
    outcome = attack(options.count, options.seed, commands=options.commands, progress=True)
    for fault in outcome.problems:
        print(fault[:2000])
    counts = ", ".join(f"{count} {what}" for what, count in outcome.counts.items())
    print(f"{options.count} cases: {counts}; {len(outcome.problems)} problems; slowest {outcome.slowest:.1f} s")
    return 1 if outcome.problems else 0


if __name__ == "__main__":
    sys.exit(main())
