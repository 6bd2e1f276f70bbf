"""PARENT: all that a run's folder says of it, read once for whoever draws it."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from factory.errors import ConfigError
from factory.printable import json_text
from factory.publish import RECORD
from factory.rundir import RunDir, read_json

Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's: 3 ms for Hydra's file, where Python's takes 20


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
    """

    path: Path
    summary: Mapping[str, Any]
    tree: Mapping[str, Any]
    hydra: Mapping[str, Any]
    history: list[dict[str, float]]
    evaluation: Mapping[str, Any]
    architecture: Mapping[str, Any]
    targets: Mapping[str, Mapping[str, Any]]

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
    def choices(self) -> dict[str, Any]:
        """Group → chosen option, without Hydra's own groups."""
        chosen = self.hydra.get("runtime", {}).get("choices", {})
        return {group: choice for group, choice in chosen.items() if not group.startswith("hydra/")}

    @property
    def sources(self) -> list[Path]:
        """The folders of config groups it was composed from, the first one first."""
        found = self.hydra.get("runtime", {}).get("config_sources", [])
        return [Path(source["path"]) for source in found if source["schema"] == "file"]


def read(path: Path) -> Facts:
    """Read a run folder, or the run that a published version came from.

    Raises:
        ConfigError: there is no run.
    """
    record = read_json(path / RECORD)
    run = RunDir(Path(record["run"]) if record else path)
    summary = read_json(run.summary)
    if summary is None:
        kind = "which was published from it and is gone" if record else "one that holds a run.json"
        raise ConfigError(f"run: got {str(run.path)!r}; takes a run folder, {kind}")
    tree = read_yaml(run.config)
    names = tree.get("deploy", {}).get("target") or {}
    reports = {name: found for name in names if (found := target_report(run, name))}
    return Facts(
        run.path,
        summary,
        tree,
        read_yaml(run.config.with_name("hydra.yaml")).get("hydra", {}),
        read_history(run.history),
        read_json(run.train / "evaluation.json") or {},
        read_json(run.train / "architecture.json") or {},
        reports,
    )


def target_report(run: RunDir, target: str) -> dict[str, Any] | None:
    """The report of a target, wherever the gate put it."""
    return read_json(run.deploy(target) / "report.json") or read_json(run.quarantine(target) / "report.json")


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file; empty where there is none."""
    try:
        return yaml.load(path.read_bytes(), Loader=Loader) or {}
    except FileNotFoundError:
        return {}


def read_history(path: Path) -> list[dict[str, float]]:
    """The epochs of history.csv; what is no finite number is left out."""
    try:
        with open(path, newline="", encoding="utf-8") as file:
            return [numbers(row) for row in csv.DictReader(file)]
    except FileNotFoundError:
        return []


def numbers(row: Mapping[str, str | None]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, text in row.items():
        try:
            value = float(text or "")
        except ValueError:
            continue
        if math.isfinite(value):
            found[name] = value
    return found


def embedded(value: Any) -> str:
    """JSON that may stand inside an HTML script element, whatever text is in it."""
    return json_text(value, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
