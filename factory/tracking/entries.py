"""CHILD: What the folder of a run or a sweep holds for a tracker: parameters, metrics, files, the published model."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from factory.core.files import read_json
from factory.core.markdown import table, words
from factory.core.rundir import RunDir
from factory.report import card, facts
from factory.report.facts import Facts, numbers, read_history
from factory.report.pages import plain
from factory.tracking.tracker import Artifact, Closing, Ending, Model, Opening

SWEEP, LEADERBOARD = "sweep.json", "leaderboard.csv"  # as factory/sweep writes them
ENDINGS: Mapping[str, Ending] = {
    "published": "finished",
    "trained": "finished",
    "done": "finished",
    "failed": "failed",
    "refused": "failed",
    "stopped": "failed",
}
WHERE = re.compile(r"[+~]*(models|hydra\.[\w.]+|tracker\.[\w.]+)=")
ABSOLUTE = re.compile(r"(?<![\w.:/])/(?:[^\s/'\"]+/)+")
NO_PARAMS = ("tracker", "models")  # places of files and records are no parameters of the model
GATE = (
    "target",
    "backend",
    "status",
    "size",
    "difference",
    "of tolerance",
    "metric",
    "latency, batch 1, 32",
    "published",
)


def is_sweep(folder: Path) -> bool:
    """Return whether a folder is that of a sweep."""
    return (folder / SWEEP).exists()


def result(folder: Path) -> Any:
    """Return the part of a run's or sweep's result that has to be recorded anew when it changes."""
    summary = read_json(folder / (SWEEP if is_sweep(folder) else "run.json")) or {}
    trained = summary.get("train") or {}
    return summary if is_sweep(folder) else [summary.get("status"), trained.get("sha256"), summary.get("targets")]


def published(folder: Path) -> list[str]:
    """Return the folders of a run's published versions."""
    targets = (read_json(RunDir(folder).summary) or {}).get("targets") or {}
    return [target["published"] for target in targets.values() if target["published"]]


def opening(folder: Path, parent: str | None, kept: str | None, told: int) -> Opening:
    """Return what is known of a run or a sweep when it begins.

    Args:
        folder: folder of the run or the sweep.
        parent: the tracker's id of the sweep that the run is a job of.
        kept: the tracker's id of this run from an earlier command, None for a new run.
        told: number of epochs that are recorded already.
    """
    label = "/".join(folder.parts[-2:])
    if is_sweep(folder):
        command = typed((read_json(folder / SWEEP) or {}).get("command", []))
        return Opening(folder, f"sweep {label}", tags={"command": command}, kept=kept, epochs=told)
    run = facts.read_facts(folder)
    name = f"job {folder.name}" if parent else f"{run.name} {label}"
    params = dict(leaves({key: node for key, node in run.tree.items() if key not in NO_PARAMS}))
    tags = {"overrides": typed(run.summary.get("overrides", [])), "train_key": run.summary["train_key"]}
    tags |= {"git": revision} if (revision := run.summary.get("git")) else {}
    return Opening(folder, name, params, tags, parent, kept, told)


def typed(words: Sequence[str]) -> str:
    """Return a command line without the overrides that name places on this machine."""
    return without_paths(" ".join(word for word in words if not WHERE.match(word)))


def without_paths(text: str) -> str:
    """Return a text with each absolute path in it cut to its last part."""
    return ABSOLUTE.sub("", text)


def leaves(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield config path → value of each leaf of a config, such as ``train.epochs`` → 10.

    Numbers, strings and booleans are kept; lists and null become text as YAML writes it.
    """
    if isinstance(node, Mapping):
        for key, part in node.items():
            yield from leaves(part, f"{path}.{key}" if path else str(key))
    else:
        yield path, node if isinstance(node, bool | int | float | str) else plain(node)


def epochs(folder: Path) -> list[dict[str, float]]:
    """Return the rows of a run's history, one for each epoch."""
    return read_history(RunDir(folder).history)


def killed() -> Closing:
    """Return the closing of a run that was killed."""
    return Closing("killed", {})


def closing(folder: Path, *, registered: bool) -> Closing:
    """Return what is known of a run or a sweep when it has ended.

    Args:
        folder: folder of the run or the sweep.
        registered: whether the tracker already has what was published.
    """
    if is_sweep(folder):
        return sweep_closing(folder)
    found = facts.read_facts(folder)
    status = found.summary["status"]
    tags = {"status": status, **({"error": without_paths(error)} if (error := found.summary.get("error")) else {})}
    targets = found.summary.get("targets") or {}
    rows = list(card.gate(found))
    return Closing(
        ENDINGS.get(status, "killed"),
        {**dict(final_metrics(found.trained)), **dict(gate_metrics(targets))},
        tags | {f"gate.{name}": target["status"] for name, target in targets.items()},
        f"{table(GATE, ([words(plain(part)) for part in row] for row in rows))}\n" if rows else "",
        files(found),
        None if registered else model(found),
    )


def final_metrics(trained: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Yield name → number for the finished model: ``final/`` on the validation rows, ``test/`` on the test rows."""
    for start, field in (("final", "metrics"), ("test", "test_metrics")):
        for name, value in (trained.get(field) or {}).items():
            yield f"{start}/{name}", value


def gate_metrics(targets: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, float]]:
    """Yield name → number for each target: whether it passed, difference, size (bytes), latency (ms), metric."""
    for name, target in targets.items():
        yield f"{name}/passed", float(target["status"] == "passed")
        if (difference := target.get("difference")) and difference.get("absolute") is not None:
            yield f"{name}/difference", difference["absolute"]
        if target.get("bytes") is not None:
            yield f"{name}/bytes", target["bytes"]
        for batch, seconds in (target.get("latency") or {}).items():
            yield f"{name}/milliseconds_batch_{batch}", seconds * 1000
        if metric := target.get("metric"):
            yield f"{name}/{metric['name']}", metric["after"]


def files(found: Facts) -> dict[str, Path]:
    """Return name → file of the run's files to record; the model itself is recorded as artifact of its targets."""
    run = RunDir(found.path)
    asked = {
        "config.yaml": run.config,
        "report.html": run.path / "report.html",
        "model_card.md": run.path / "model_card.md",
        "history.csv": run.history,
        "model/model.keras": run.model,
    }
    for name in found.targets:
        folder = next(
            folder for folder in (run.deploy(name), run.quarantine(name)) if (folder / "report.json").exists()
        )
        asked[f"gate/{name}/report.json"] = folder / "report.json"
    return {name: path for name, path in asked.items() if path.exists()}


def model(found: Facts) -> Model | None:
    """Return the model that a run published, None where it published none."""
    run, targets = RunDir(found.path), found.summary.get("targets") or {}
    settings, versions = found.tree["deploy"]["target"] or {}, found.summary["versions"]
    artifacts = {
        name: Artifact(
            run.deploy(name) / "artifact",
            target["backend"],
            settings[name]["requires"],
            target["published"],
            target.get("encoded", False),
        )
        for name, target in targets.items()
        if target["published"]
    }
    if not artifacts:
        return None
    packages = dict.fromkeys(name for one in artifacts.values() for name in (one.backend, *one.requires))
    requirements = [f"{name}=={versions[name]}" for name in ("keras", *packages) if name in versions]
    inner = found.trained["signature"]
    raw = found.trained.get("raw")
    return Model(found.name, raw or inner, artifacts, requirements, inner if raw else None)


def sweep_closing(folder: Path) -> Closing:
    """Return the closing of a sweep: its counts, the numbers of the best job, the files in its folder."""
    record = read_json(folder / SWEEP) or {}
    figures = {name: float(value) for name, value in record.items() if isinstance(value, int | float)}
    found = {path.name: path for path in sorted(folder.iterdir()) if path.is_file() and not path.name.startswith(".")}
    best = folder / "best" / "experiment" / "best.yaml"
    return Closing(
        ENDINGS.get(record.get("status", ""), "killed"),
        {**figures, **{f"best/{name}": value for name, value in best_row(folder / LEADERBOARD).items()}},
        {"status": record.get("status", "")},
        files=found | ({"best.yaml": best} if best.exists() else {}),
    )


def best_row(leaderboard: Path) -> dict[str, float]:
    """Return the numbers in the leaderboard's first row; empty where no job has a rank."""
    if not leaderboard.exists():
        return {}
    with open(leaderboard, newline="", encoding="utf-8") as file:
        row = next(csv.DictReader(file), {})
    return numbers(row) if row.get("rank") else {}
