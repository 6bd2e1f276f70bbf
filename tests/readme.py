"""``make readme``: every printed output in README.md is what its command prints, and every table what the code says.

Blocks that begin with ``$ python -m factory`` are run in an empty folder and their output is written below the command;
the table of targets is made from conf/, that of the rooms in CONTRIBUTING.md from their docstrings.
``tests/test_readme.py`` checks that nothing in either is out of date.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from factory.core.backends import BACKENDS
from tests.commands import ROOT, environment

README, CONTRIBUTING = ROOT / "README.md", ROOT / "CONTRIBUTING.md"
BLOCK = re.compile(r"```console\n\$ (?P<command>python -m factory[^\n]*)\n(?P<output>.*?)```", re.DOTALL)
ROOMS = re.compile(r"(?<=<!-- rooms -->\n).*?(?=<!-- end -->)", re.DOTALL)
TARGETS = re.compile(r"(?<=<!-- targets -->\n).*?(?=\n`deploy.backend`)", re.DOTALL)


def output_of(command: str) -> str:
    """What a command prints, both streams, with the folder it ran in as ``$PWD`` and no spaces at line ends."""
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, *command.split()[1:]]
        both = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        done = subprocess.run(words, cwd=folder, env=environment(), text=True, **both)  # type: ignore[call-overload]
        text = done.stdout.replace(str(Path(folder).resolve()), "$PWD")
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def targets_table() -> str:
    """Targets by backends, from conf/deploy/target."""
    rows = ["| target | " + " | ".join(BACKENDS) + " | runs in |", "|---" * (len(BACKENDS) + 2) + "|"]
    for path in sorted((ROOT / "conf" / "deploy" / "target").glob("*.yaml")):
        ((name, settings),) = yaml.safe_load(path.read_text()).items()
        says = path.read_text().splitlines()[1].removeprefix("# ")
        marks = ["yes" if backend in settings["routes"] else "" for backend in BACKENDS]
        rows.append(f"| `{name}` | {' | '.join(marks)} | {says} |")
    return "\n" + "\n".join(rows) + "\n"


def rooms_table() -> str:
    """Every room of factory/ with the first line of its docstring."""
    rows = ["| room | process | what it is for |", "|---|---|---|"]
    for init in sorted((ROOT / "factory").glob("*/**/__init__.py")):
        process, _, says = (ast.get_docstring(ast.parse(init.read_text())) or "").partition("\n")[0].partition(": ")
        rows.append(f"| `{init.parent.relative_to(ROOT / 'factory').as_posix()}/` | {process} | {says} |")
    return "\n" + "\n".join(rows) + "\n"


def renewed(text: str, *, only: str = "") -> str:
    """The README with every output made anew; ``only`` those of commands that hold this word."""

    def block(match: re.Match[str]) -> str:
        command = match["command"]
        output = output_of(command) if only in command else match["output"]
        return f"```console\n$ {command}\n{output}```"

    return TARGETS.sub(targets_table(), BLOCK.sub(block, text))


if __name__ == "__main__":
    README.write_text(renewed(README.read_text()))
    CONTRIBUTING.write_text(ROOMS.sub(lambda _: rooms_table(), CONTRIBUTING.read_text()))
