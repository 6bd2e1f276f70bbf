"""How the jobs of a sweep did: leaderboard.csv, a terminal table, and the best one's config as one YAML."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from rich import box
from rich.console import Console
from rich.table import Table

from factory.report.table import NARROWEST, kilobytes
from factory.rundir import write_text
from factory.sweep.outcome import Aim, Outcome, label, ranked, values, varied

SHOWN = 20  # rows of the terminal table; leaderboard.csv holds all
GROUPS = ("model", "data", "optimizer", "train", "deploy", "tracker")
LINE = 1000  # columns before YAML breaks a line


def write(folder: Path, outcomes: Sequence[Outcome], aim: Aim) -> None:
    """``leaderboard.csv``: a row a job, best first, those that failed last."""
    keys = varied([outcome.job for outcome in outcomes])
    rows = [row(outcome, place, keys) for place, outcome in enumerate(ranked(outcomes, aim), 1)]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(folder / "leaderboard.csv", text.getvalue())


def row(outcome: Outcome, place: int, keys: Sequence[str]) -> dict[str, Any]:
    """One row; metrics have their own names, what belongs to a target has the target's before it."""
    targets = {
        f"{name}_{what}": target[what]
        for name, target in outcome.targets.items()
        for what in ("bytes", "milliseconds", "status")
    }
    return {
        "rank": place if outcome.good and outcome.metrics else "",
        "job": outcome.job.number,
        "status": outcome.status,
        **values(outcome.job, keys),
        **outcome.metrics,
        "epochs": outcome.epochs,
        "fit_seconds": outcome.seconds,
        **targets,
        "training_of": outcome.shared or "",
        "run": outcome.job.folder,
        "error": outcome.error or "",
    }


def show(outcomes: Sequence[Outcome], aim: Aim, console: Console) -> None:
    """The best jobs as a table, then each failure as a line, then what was shared."""
    console.width = max(console.width, NARROWEST)
    keys = varied([outcome.job for outcome in outcomes])
    good = [outcome for outcome in ranked(outcomes, aim) if outcome.good and outcome.metrics]
    if good:
        console.print(table(good[:SHOWN], keys))
    lines = [f"and {len(good) - SHOWN} more"] if len(good) > SHOWN else []
    lines += [f"{label(o.job, keys)}: {o.error}" for o in outcomes if not o.good and o.status != "interrupted"]
    lines += trainings(outcomes)
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def table(good: Sequence[Outcome], keys: Sequence[str]) -> Table:
    drawn = Table(box=box.SIMPLE_HEAD, header_style="bold")
    metrics = list(dict.fromkeys(name for outcome in good for name in outcome.metrics))
    targets = list(dict.fromkeys(name for outcome in good for name in outcome.targets))
    for name in ("job", *keys, *metrics, *targets):
        drawn.add_column(name)
    for outcome in good:
        set_to = values(outcome.job, keys)
        drawn.add_row(
            str(outcome.job.number),
            *(set_to.get(key, "-") for key in keys),
            *(f"{outcome.metrics[name]:.4f}" if name in outcome.metrics else "-" for name in metrics),
            *(target_words(outcome.targets.get(name)) for name in targets),
        )
    return drawn


def target_words(target: Mapping[str, Any] | None) -> str:
    if not target or target["milliseconds"] is None:
        return "-"
    return f"{kilobytes(target['bytes'])}, {target['milliseconds']:.2f} ms"


def trainings(outcomes: Sequence[Outcome]) -> list[str]:
    """How many trainings served how many jobs, where some served several."""
    own = [outcome for outcome in outcomes if outcome.metrics and not outcome.shared and outcome.status != "same"]
    having = [outcome for outcome in outcomes if outcome.metrics]
    return [f"{len(own)} trainings served {len(having)} jobs"] if len(own) < len(having) else []


def write_best(folder: Path, tree: Mapping[str, Any], best: Outcome) -> None:
    """``best/experiment/best.yaml``: everything that the best job's config says, without the groups it came from."""
    head = [
        "# @package _global_",
        f"# python -m factory --config-dir {folder / 'best'} experiment=best",
        f"# Job {best.job.number} of the sweep in {folder}.",
        "# result: " + "  ".join(f"{name} {value:.4f}" for name, value in best.metrics.items()),
    ]
    defaults = [{f"override /{group}": None} for group in GROUPS]
    body = yaml.safe_dump(
        {"defaults": defaults, **escaped(tree)},
        sort_keys=False,
        width=LINE,
        allow_unicode=True,
        default_flow_style=None,
    )
    write_text(folder / "best" / "experiment" / "best.yaml", "\n".join([*head, body]))


def escaped(value: Any) -> Any:
    """The value with every ``${`` in it meant as it stands."""
    if isinstance(value, str):
        return value.replace("${", "\\${")
    if isinstance(value, Mapping):
        return {key: escaped(part) for key, part in value.items()}
    return [escaped(part) for part in value] if isinstance(value, list) else value
