"""PARENT: all that a run's folder says of it, read once for whoever draws it."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from factory.core.documents import read_document, read_hydra, read_summary, read_target, read_yaml
from factory.core.errors import ConfigError
from factory.core.names import is_target
from factory.core.printable import json_text
from factory.core.reading import read_text
from factory.core.rundir import RunDir
from factory.registry.publish import RECORD, origin_of
from factory.report.documents import Architecture, Evaluation

T = TypeVar("T")


@dataclass(frozen=True)
class Facts:
    """One run, as far as it came.

    Args:
        path: the run folder.
        summary: run.json.
        tree: the resolved config.
        hydra: Hydra's own half of it, with the groups' choices.
        history: one mapping of metric → value for each epoch; empty where nothing was trained.
        evaluation: train/evaluation.json.
        architecture: train/architecture.json.
        targets: target → report of its last route, in the order of the config.
        problems: files that are not what they must be, a line each; what they would have said is empty.
    """

    path: Path
    summary: Mapping[str, Any]
    tree: Mapping[str, Any]
    hydra: Mapping[str, Any]
    history: list[dict[str, float]]
    evaluation: Mapping[str, Any]
    architecture: Mapping[str, Any]
    targets: Mapping[str, Mapping[str, Any]]
    problems: Sequence[str] = ()

    @property
    def trained(self) -> Mapping[str, Any]:
        """train/report.json, empty where training did not end."""
        return self.summary.get("train") or {}

    @property
    def metrics(self) -> Mapping[str, float]:
        """Loss and metrics on the validation rows."""
        return self.trained.get("metrics") or {}

    @property
    def unit_of_loss(self) -> str:
        """What the loss counts in; empty where that is the data's own unit, as of all metrics."""
        names = self.trained.get("scaled_losses")
        return f"in standard deviations of {', '.join(names)}" if names else ""

    @property
    def name(self) -> str:
        return str(self.summary["name"])

    @property
    def asked(self) -> list[str]:
        """The targets that the config asks for."""
        return target_names(self.tree)

    @property
    def choices(self) -> dict[str, Any]:
        """Group → chosen option, without Hydra's own groups."""
        chosen = self.hydra.get("runtime", {}).get("choices", {})
        return {group: choice for group, choice in chosen.items() if not group.startswith("hydra/")}

    @property
    def sources(self) -> list[Path]:
        """The folders of config groups it was composed from, the first one first."""
        found = self.hydra.get("runtime", {}).get("config_sources", [])
        return [Path(source["path"]) for source in found if source["schema"] in ("conf", "file")]


def read(path: Path) -> Facts:
    """Read a run folder, or the run that a published version came from.

    A file that is not what it must be costs its own part, and is one of the problems; run.json is needed.

    Raises:
        ConfigError: there is no run, or its run.json is not what it must be.
    """
    version = (path / RECORD).is_file()
    run = RunDir(origin_of(path) if version else path)
    summary = read_summary(run)
    if summary is None:
        kind = "which was published from it and is gone" if version else "one that holds a run.json"
        raise ConfigError(f"run: got {str(run.path)!r}; takes a run folder, {kind}")
    problems: list[str] = []

    def told(reading: Callable[[], T | None]) -> T | None:
        try:
            return reading()
        except ConfigError as error:
            problems.extend(error.problems)
            return None

    tree = told(partial(read_yaml, run.config)) or {}
    return Facts(
        run.path,
        summary,
        tree,
        told(partial(read_hydra, run)) or {},
        told(partial(read_history, run.history)) or [],
        told(partial(read_document, run.train / "evaluation.json", Evaluation)) or {},
        told(partial(read_document, run.train / "architecture.json", Architecture)) or {},
        {name: found for name in target_names(tree) if (found := told(partial(target_report, run, name)))},
        problems,
    )


def target_names(tree: Mapping[str, Any]) -> list[str]:
    """The targets of a config; of one that was edited, what may be the name of a folder."""
    deploy = tree.get("deploy")
    named = deploy.get("target") if isinstance(deploy, Mapping) else None
    return [name for name in named if is_target(name)] if isinstance(named, Mapping) else []


def target_report(run: RunDir, target: str) -> dict[str, Any] | None:
    """The report of a target, wherever the gate put it."""
    return read_target(run.deploy(target)) or read_target(run.quarantine(target))


def read_history(path: Path) -> list[dict[str, float]]:
    """The epochs of history.csv; what is no finite number is left out, and a line that is of no epoch.

    Raises:
        ConfigError: it is no table.
    """
    try:
        lines = (read_text(path) or "").splitlines()
        return [row for row in map(numbers, csv.DictReader(lines)) if row.get("epoch", 0.5).is_integer()]
    except csv.Error as error:
        raise ConfigError(f"{path}: is no table: {error}") from error


def numbers(row: Mapping[str, Any]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, text in row.items():
        try:
            value = float(text or "")
        except (TypeError, ValueError):  # a line with more values than the header has names holds a list of the rest
            continue
        if math.isfinite(value):
            found[name] = value
    return found


def embedded(value: Any) -> str:
    """JSON that may stand inside an HTML script element, whatever text is in it."""
    return json_text(value, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
