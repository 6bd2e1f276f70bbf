"""PARENT: the list of runs and published versions below a folder, as two terminal tables or JSON."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.segment import Segments

from factory.core import locks
from factory.core.documents import Claim, Record, Summary
from factory.core.errors import ConfigError
from factory.core.files import size
from factory.core.printable import json_text
from factory.core.read_documents import read_document
from factory.core.scores import quoted, telling
from factory.core.terminal import Terminal
from factory.registry.publish import DEPTH, RECORD, path_of_claim
from factory.report import columns

SUMMARY = "run.json"
STYLES = {"published": "green", "trained": "green", "refused": "bold red", "failed": "bold red"}
AGES = ((86400, "d"), (3600, "h"), (60, "min"))
MOST_TARGETS = 3  # names in one cell
AT_THE_RIGHT = ("age", "size", "version")


@dataclass(frozen=True)
class Run:
    """A run folder in the list.

    Args:
        path: the folder.
        summary: run.json.
        changed: when run.json was written, seconds since 1970.
        bytes: size of everything in the folder.
    """

    path: Path
    summary: Mapping[str, Any]
    changed: float
    bytes: int

    @property
    def status(self) -> str:
        """Return the status in run.json, or ``killed`` where it says ``running`` and no command holds the folder."""
        status = str(self.summary["status"])
        return "killed" if status == "running" and not locks.is_held(self.path) else status


@dataclass(frozen=True)
class Version:
    """A published version of a model on all its targets.

    Args:
        name: of the model.
        version: number of the version.
        record: the record of the version's first target.
        run: folder of the run that it came from, None where that is not known here.
        targets: names of the targets it was published for.
        changed: when the newest record was written, seconds since 1970.
        bytes: size of all its files.
    """

    name: str
    version: int
    record: Mapping[str, Any]
    run: str | None
    targets: tuple[str, ...]
    changed: float
    bytes: int


@dataclass(frozen=True)
class Found:
    """The runs and versions below some folders, the newest first.

    Args:
        problems: a message for each invalid file.
    """

    runs: list[Run]
    versions: list[Version]
    problems: list[str]


def find_runs_and_versions(folders: list[Path]) -> Found:
    """Find every run and published version below some folders.

    Raises:
        ConfigError: a folder does not exist.
    """
    if absent := [folder for folder in folders if not folder.is_dir()]:
        raise ConfigError([f"list: got {str(folder)!r}; takes a folder that exists" for folder in absent])
    runs: dict[str, Run] = {}
    placed: dict[tuple[str, str, str], list[str]] = {}
    versions: list[Version] = []
    problems: list[str] = []
    real = functools.cache(os.path.realpath)
    for path, kind in (found for folder in folders for found in walk(folder)):
        if kind == SUMMARY:
            with collecting_problems(problems):
                runs[os.path.realpath(path)] = run_at(Path(path))
        else:
            above, number = os.path.split(path)
            above, name = os.path.split(above)
            placed.setdefault((real(os.path.dirname(above)), name, number), []).append(path)
    for (models, name, number), paths in placed.items():
        with collecting_problems(problems):
            versions.append(version_at(models, name, number, paths))
    newest = sorted(runs.values(), key=lambda run: -run.changed)
    return Found(newest, sorted(versions, key=lambda version: (-version.changed, version.name)), problems)


@contextmanager
def collecting_problems(problems: list[str]) -> Iterator[None]:
    """Turn a ConfigError into problems, so that the other files are listed; ignore files that are removed meanwhile."""
    try:
        yield
    except ConfigError as error:
        problems.extend(error.problems)
    except FileNotFoundError:
        pass


def walk(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield run and version folders, each with the name of the file that marks it; do not descend into them.

    Strings, not Paths, since there may be ten thousand of them. Version folders are absolute, since the names of their
    parents are the target and the model.
    """
    for path, folders, files in os.walk(folder):
        if SUMMARY in files:
            folders.clear()
            yield path, SUMMARY
        elif RECORD in files and (absolute := os.path.abspath(path)).count(os.sep) > DEPTH:
            if os.path.basename(absolute).isdecimal():
                folders.clear()
                yield absolute, RECORD
        folders[:] = sorted(name for name in folders if not name.startswith("."))


def run_at(path: Path) -> Run:
    """Read the run in a folder.

    Raises:
        ConfigError: its run.json is not valid.
    """
    summary = read_document(path / SUMMARY, Summary) or {}
    return Run(path, summary, (path / SUMMARY).stat().st_mtime, size(path))


def version_at(models: str, name: str, number: str, paths: list[str]) -> Version:
    """Read a published version from its folders, one for each target.

    Raises:
        ConfigError: a record is not valid, or has another name or number than its folder.
    """
    first = Path(f"{paths[0]}/{RECORD}")
    record = read_document(first, Record) or {}
    if (record["name"], str(record["version"])) != (name, number):
        got = f"{record['name']}/{record['version']}"
        raise ConfigError(f"{first}: got {got!r}; takes the name and the version that its folder has")
    claim = read_document(path_of_claim(Path(models), name, int(number)), Claim)
    targets = tuple(sorted(path.split(os.sep)[-DEPTH] for path in paths))
    changed = max(os.stat(f"{path}/{RECORD}").st_mtime for path in paths)
    run = (claim or record).get("run")
    return Version(name, int(number), record, run, targets, changed, sum(map(size, paths)))


def show(found: Found, console: Terminal) -> None:
    """Print the tables of runs and of versions, or that there is nothing."""
    if found.runs:
        console.print(runs_table(found.runs), soft_wrap=True, end="")
    if found.versions:
        console.print(versions_table(found.versions), soft_wrap=True, end="")
    if not found.runs and not found.versions:
        console.say("no runs and no published versions")


def as_json(found: Found) -> str:
    """Return runs and versions as JSON for programs; times in seconds since 1970, sizes in bytes."""
    rows = [
        {
            "run": str(run.path),
            "name": run.summary["name"],
            "status": run.status,
            **scores(run.summary.get("train") or {}),
            "targets": {name: target["status"] for name, target in (run.summary.get("targets") or {}).items()},
            "changed": run.changed,
            "bytes": run.bytes,
        }
        for run in found.runs
    ]
    published = [
        {
            "name": version.name,
            "version": version.version,
            **scores(version.record),
            "targets": list(version.targets),
            "changed": version.changed,
            "bytes": version.bytes,
            "run": version.run,
        }
        for version in found.versions
    ]
    return json_text({"runs": rows, "published": published}, indent=2)


def runs_table(runs: list[Run]) -> Segments:
    """Return the terminal table of runs."""
    rows = []
    for run in runs:
        status = run.status
        cells = [
            str(run.path),
            run.summary["name"],
            status,
            metric(run.summary.get("train") or {}),
            passed(run.summary.get("targets") or {}),
            age(run.changed),
            amount(run.bytes),
        ]
        rows.append([(cell, STYLES.get(status, "yellow") if index == 2 else "") for index, cell in enumerate(cells)])
    return columns.table(("run", "name", "status", "metric", "targets", "age", "size"), rows, AT_THE_RIGHT)


def versions_table(versions: list[Version]) -> Segments:
    """Return the terminal table of published versions."""
    rows = []
    for version in versions:
        score, targets = metric(version.record), ", ".join(version.targets)
        when, size_of_all = age(version.changed), amount(version.bytes)
        cells = [version.name, str(version.version), score, targets, when, size_of_all, shortened(version.run)]
        rows.append([(cell, "") for cell in cells])
    head = ("published", "version", "metric", "targets", "age", "size", "from run")
    return columns.table(head, rows, AT_THE_RIGHT)


def shortened(run: str | None) -> str:
    """Return a run folder relative to the working directory where it lies below it, ``-`` for None."""
    path, here = Path(run or "-"), Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def metric(trained: Mapping[str, Any]) -> str:
    """Return the rows that a run is judged on, its first metric there, and its R² or F1 score."""
    part, metrics = quoted(trained)
    words = ", ".join(f"{name} {value:.4f}" for name, value in telling(metrics).items())
    return f"{part} {words}" if metrics else "-"


def scores(trained: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metrics that a run or version is quoted by, and the rows that they are of, for programs."""
    part, metrics = quoted(trained)
    return {"metrics": metrics or None, "judged_on": part if metrics else None}


def passed(targets: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the names of targets, with the status of those that did not pass; a count where there are many."""
    if len(targets) > MOST_TARGETS:
        good = sum(target["status"] == "passed" for target in targets.values())
        return f"{good} of {len(targets)} passed"
    words = [name if target["status"] == "passed" else f"{name} {target['status']}" for name, target in targets.items()]
    return ", ".join(words) or "-"


def age(changed: float) -> str:
    """Return the time since then in its largest unit.

    >>> age(time.time() - 7300)
    '2 h'
    """
    seconds = max(0.0, time.time() - changed)
    return next((f"{seconds // unit:.0f} {word}" for unit, word in AGES if seconds >= unit), f"{seconds:.0f} s")


def amount(count: int) -> str:
    """Return a number of bytes in its largest unit."""
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}"
        count //= 1024
    return f"{count:,.0f} GiB"
