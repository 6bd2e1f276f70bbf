"""PARENT: the facts of a run, read once from its folder for all reports."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from factory.core.errors import ConfigError
from factory.core.names import is_target
from factory.core.printable import json_text
from factory.core.read_documents import read_document, read_hydra, read_summary, read_target, read_yaml
from factory.core.reading import read_text
from factory.core.rundir import RunDir
from factory.core.scores import quoted
from factory.registry.publish import RECORD, origin_of
from factory.report.documents import Architecture, Evaluation

T = TypeVar("T")


@dataclass(frozen=True)
class Facts:
    """The content of a run folder, also of a run that did not finish.

    Args:
        path: the run folder.
        summary: run.json.
        tree: the resolved config.
        hydra: Hydra's own part of the config, with the choices of the groups.
        history: one mapping of metric → value for each epoch; empty where nothing was trained.
        evaluation: train/evaluation.json.
        architecture: train/architecture.json.
        targets: target → report of its last attempt, in the order of the config.
        problems: a message for each file that is not valid; its field is empty.
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
        """Return train/report.json; empty where training did not end."""
        return self.summary.get("train") or {}

    @property
    def metrics(self) -> Mapping[str, float]:
        """Return the loss and the metrics that the run is quoted by: on the test rows, if any, else on validation."""
        return quoted(self.trained)[1]

    @property
    def judged_on(self) -> str:
        """Return the word for the rows that the run is quoted on: ``test`` or ``validation``."""
        return quoted(self.trained)[0]

    @property
    def unit_of_loss(self) -> str:
        """Return the unit of the loss, in words; empty where it is the data's own unit, which all metrics have."""
        names = self.trained.get("scaled_losses")
        return f"in standard deviations of {', '.join(names)}" if names else ""

    @property
    def name(self) -> str:
        return str(self.summary["name"])

    @property
    def asked(self) -> list[str]:
        """Return the names of the targets that the config declares."""
        return target_names(self.tree)

    @property
    def choices(self) -> dict[str, Any]:
        """Return config group → chosen option, without Hydra's own groups."""
        chosen = self.hydra.get("runtime", {}).get("choices", {})
        return {group: choice for group, choice in chosen.items() if not group.startswith("hydra/")}

    @property
    def sources(self) -> list[Path]:
        """Return the folders of the config search path, in order of precedence."""
        found = self.hydra.get("runtime", {}).get("config_sources", [])
        return [Path(source["path"]) for source in found if source["schema"] in ("conf", "file")]


def read_facts(path: Path) -> Facts:
    """Read the facts of a run from its folder, or from a published version that came from it.

    An invalid file leaves its own field empty and adds to the problems; only run.json must be valid.

    Raises:
        ConfigError: there is no run, or its run.json is not valid.
    """
    version = (path / RECORD).is_file()
    run = RunDir(origin_of(path) if version else path)
    summary = read_summary(run)
    if summary is None:
        kind = "which was published from it and is gone" if version else "one that holds a run.json"
        raise ConfigError(f"run: got {str(run.path)!r}; takes a run folder, {kind}")
    problems: list[str] = []

    def or_problem(reading: Callable[[], T | None]) -> T | None:
        try:
            return reading()
        except ConfigError as error:
            problems.extend(error.problems)
            return None

    tree = or_problem(partial(read_yaml, run.config)) or {}
    return Facts(
        run.path,
        summary,
        tree,
        or_problem(partial(read_hydra, run)) or {},
        or_problem(partial(read_history, run.history)) or [],
        or_problem(partial(read_document, run.train / "evaluation.json", Evaluation)) or {},
        or_problem(partial(read_document, run.train / "architecture.json", Architecture)) or {},
        {name: found for name in target_names(tree) if (found := or_problem(partial(target_report, run, name)))},
        problems,
    )


def target_names(tree: Mapping[str, Any]) -> list[str]:
    """Return the targets of a config; names that an edit made unfit for a folder are left out."""
    deploy = tree.get("deploy")
    named = deploy.get("target") if isinstance(deploy, Mapping) else None
    return [name for name in named if is_target(name)] if isinstance(named, Mapping) else []


def target_report(run: RunDir, target: str) -> dict[str, Any] | None:
    """Return the report of a target from its deploy or quarantine folder; None where it has none."""
    return read_target(run.deploy(target)) or read_target(run.quarantine(target))


def read_history(path: Path) -> list[dict[str, float]]:
    """Read the epochs of history.csv; values that are not finite and rows without a whole epoch number are left out.

    Returns:
        A mapping of metric → value for each epoch; empty where there is no file.

    Raises:
        ConfigError: the file is not a CSV table.
    """
    try:
        lines = (read_text(path) or "").splitlines()
        return [row for row in map(numbers, csv.DictReader(lines)) if row.get("epoch", 0.5).is_integer()]
    except csv.Error as error:
        raise ConfigError(f"{path}: is no table: {error}") from error


def numbers(row: Mapping[str, Any]) -> dict[str, float]:
    """Return the finite numbers of a CSV row by column."""
    found: dict[str, float] = {}
    for name, text in row.items():
        try:
            value = float(text or "")
        except (TypeError, ValueError):  # csv puts the surplus values of a row into a list
            continue
        if math.isfinite(value):
            found[name] = value
    return found


def embedded(value: Any) -> str:
    """Return a value as JSON that is safe inside an HTML script element."""
    return json_text(value, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
