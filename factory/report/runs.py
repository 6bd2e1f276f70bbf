"""PARENT: the runs and published versions that lie in a folder, as two terminal tables."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table

from factory.errors import ConfigError
from factory.printable import json_text
from factory.publish import RECORD
from factory.rundir import RunDir, read_json, size
from factory.terminal import Terminal, text

SUMMARY = "run.json"
STYLES = {"published": "green", "trained": "green", "refused": "bold red", "failed": "bold red"}
AGES = ((86400, "d"), (3600, "h"), (60, "min"))
MOST_TARGETS = 3  # names in one cell


@dataclass(frozen=True)
class Run:
    """One run folder.

    Args:
        path: of the folder.
        summary: run.json.
        changed: when run.json was written, seconds since 1970.
        bytes: of everything in the folder.
    """

    path: Path
    summary: Mapping[str, Any]
    changed: float
    bytes: int

    @property
    def status(self) -> str:
        """As run.json says; a run that is said to be running, and that no command holds, was killed."""
        status = str(self.summary["status"])
        if status != "running":
            return status
        try:
            with RunDir(self.path).locked():
                return "killed"
        except ConfigError:
            return status


@dataclass(frozen=True)
class Version:
    """One published version of one name on all its targets."""

    name: str
    version: int
    record: Mapping[str, Any]
    targets: tuple[str, ...]
    changed: float
    bytes: int


def find(folders: list[Path]) -> tuple[list[Run], list[Version]]:
    """Every run and version below some folders, the newest first.

    Raises:
        ConfigError: a folder is not there.
    """
    if absent := [folder for folder in folders if not folder.is_dir()]:
        raise ConfigError([f"list: got {str(folder)!r}; takes a folder that exists" for folder in absent])
    runs: dict[Path, Run] = {}
    placed: dict[tuple[Path, str, int], list[Path]] = {}
    for path, name in (found for folder in folders for found in walk(folder)):
        if name == SUMMARY:
            if summary := read_json(path / SUMMARY):
                runs[path.resolve()] = Run(path, summary, (path / SUMMARY).stat().st_mtime, size(path))
        else:
            placed.setdefault((path.parents[2].resolve(), path.parent.name, int(path.name)), []).append(path)
    versions = [version(name, number, paths) for (_, name, number), paths in placed.items()]
    newest = sorted(runs.values(), key=lambda run: -run.changed)
    return newest, sorted(versions, key=lambda one: (-one.changed, one.name))


def walk(folder: Path) -> Iterator[tuple[Path, str]]:
    """Run folders and version folders, each with the file that makes it one; nothing inside of these is looked at."""
    for path, folders, files in os.walk(folder):
        kind = next((file for file in (SUMMARY, RECORD) if file in files), None)
        version = kind == RECORD and Path(path).name.isdecimal()
        if kind == SUMMARY or version:
            folders.clear()
            yield Path(path), str(kind)
        folders[:] = sorted(name for name in folders if not name.startswith("."))


def version(name: str, number: int, paths: list[Path]) -> Version:
    """What lies under one number on all targets."""
    targets = tuple(sorted(path.parents[1].name for path in paths))
    changed = max((path / RECORD).stat().st_mtime for path in paths)
    return Version(name, number, read_json(paths[0] / RECORD) or {}, targets, changed, sum(map(size, paths)))


def show(runs: list[Run], versions: list[Version], console: Terminal) -> None:
    """Print both tables, or that there is nothing."""
    tables = ([runs_table(runs)] if runs else []) + ([versions_table(versions)] if versions else [])
    for table in tables:
        wide_enough(console, *tables).print(table)
    if not tables:
        console.say("no runs and no published versions")


def as_json(runs: list[Run], versions: list[Version]) -> str:
    """Both tables for programs: run.json's and the record's own words, ages as seconds since 1970, sizes in bytes."""
    rows = [
        {
            "run": str(run.path),
            "name": run.summary["name"],
            "status": run.status,
            "metrics": (run.summary.get("train") or {}).get("metrics"),
            "targets": {name: target["status"] for name, target in (run.summary.get("targets") or {}).items()},
            "changed": run.changed,
            "bytes": run.bytes,
        }
        for run in runs
    ]
    published = [
        {
            "name": one.name,
            "version": one.version,
            "metrics": one.record.get("metrics"),
            "targets": list(one.targets),
            "changed": one.changed,
            "bytes": one.bytes,
            "run": one.record.get("run"),
        }
        for one in versions
    ]
    return json_text({"runs": rows, "published": published}, indent=2)


def runs_table(runs: list[Run]) -> Table:
    table = table_of("run", "name", "status", "metric", "targets", "age", "size")
    for run in runs:
        status = run.status
        table.add_row(
            str(run.path),
            run.summary["name"],
            text(status, STYLES.get(status, "yellow")),
            metric((run.summary.get("train") or {}).get("metrics")),
            passed(run.summary.get("targets") or {}),
            age(run.changed),
            amount(run.bytes),
        )
    return table


def versions_table(versions: list[Version]) -> Table:
    table = table_of("published", "version", "metric", "targets", "age", "size", "from run")
    for one in versions:
        found = metric(one.record.get("metrics"))
        targets = ", ".join(one.targets)
        table.add_row(
            one.name, str(one.version), found, targets, age(one.changed), amount(one.bytes), shortened(one.record)
        )
    return table


def table_of(*columns: str) -> Table:
    """A table whose columns keep their words whole: a path is there to be copied."""
    table = Table(box=box.SIMPLE_HEAD, header_style="bold")
    for column in columns:
        table.add_column(column, no_wrap=True, justify="right" if column in ("age", "size", "version") else "left")
    return table


def wide_enough(console: Terminal, *tables: Table) -> Terminal:
    """The console, as wide as the widest table needs; a narrower terminal wraps lines and loses nothing."""
    unlimited = console.options.update(max_width=100_000)
    console.width = max([console.width, *(console.measure(table, options=unlimited).maximum for table in tables)])
    return console


def shortened(record: Mapping[str, Any]) -> str:
    """Where a version came from, from here where that is shorter."""
    run = Path(record.get("run", "-"))
    return str(run.relative_to(Path.cwd())) if run.is_relative_to(Path.cwd()) else str(run)


def metric(metrics: Mapping[str, float] | None) -> str:
    """The first metric that is not the loss, else the loss."""
    if not metrics:
        return "-"
    name = next((name for name in metrics if not name.endswith("loss")), "loss")
    return f"{name} {metrics[name]:.4f}" if name in metrics else "-"


def passed(targets: Mapping[str, Mapping[str, Any]]) -> str:
    """The targets by name, marked where one did not pass; a count where there are many."""
    if len(targets) > MOST_TARGETS:
        good = sum(target["status"] == "passed" for target in targets.values())
        return f"{good} of {len(targets)} passed"
    words = [name if target["status"] == "passed" else f"{name} {target['status']}" for name, target in targets.items()]
    return ", ".join(words) or "-"


def age(changed: float) -> str:
    """How long ago, in its largest unit.

    >>> age(time.time() - 7300)
    '2 h'
    """
    seconds = max(0.0, time.time() - changed)
    return next((f"{seconds // unit:.0f} {word}" for unit, word in AGES if seconds >= unit), f"{seconds:.0f} s")


def amount(count: int) -> str:
    """Bytes in their largest unit."""
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}"
        count //= 1024
    return f"{count:,.0f} GiB"
