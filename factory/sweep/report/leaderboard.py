"""PARENT: the leaderboard of a sweep: leaderboard.csv, a terminal table, and the best job's config as a YAML file."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from rich import box
from rich.table import Table

from factory.core.files import write_text
from factory.core.printable import visible
from factory.core.terminal import Terminal
from factory.report.table import NARROWEST, kilobytes
from factory.sweep.labels import label, short, values, varied
from factory.sweep.outcome import Outcome
from factory.sweep.ranking import Aim, best_first
from factory.sweep.seeds import REPEATS, Candidate, but_for_repeats, candidates, repeated

SHOWN = 20  # rows of the terminal table; leaderboard.csv holds all
GROUPS = ("model", "data", "optimizer", "train", "deploy", "tracker")
NOBODY: frozenset[int] = frozenset()
LINE = 1000  # characters after which YAML breaks a line


def write(folder: Path, outcomes: Sequence[Outcome], aim: Aim, front: frozenset[int] = NOBODY) -> None:
    """Write leaderboard.csv: a row for each job, the best first, failed jobs last.

    Jobs that differ only in seed or fold share a rank; each of their rows has the means and spreads of all.

    Args:
        folder: of the sweep.
        outcomes: of all jobs that ended.
        aim: the metric that jobs are ranked by.
        front: numbers of the jobs on the Pareto front, marked in a column of their own; empty for none.
    """
    keys = varied([outcome.job for outcome in outcomes])
    groups = {candidate.words: candidate for candidate in candidates(outcomes)}
    word = repeated(groups.values())
    ranks: dict[tuple[str, ...], int] = {}
    rows = []
    for outcome in best_first(outcomes, aim):
        words = but_for_repeats(outcome.job.overrides)
        rank = ranks.setdefault(words, len(ranks) + 1)
        rows.append(row(outcome, rank, keys, groups.get(words) if word else None, word or ""))
        if front:
            rows[-1]["pareto"] = "yes" if outcome.job.number in front else ""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(folder / "leaderboard.csv", text.getvalue())


def row(outcome: Outcome, rank: int, keys: Sequence[str], group: Candidate | None, word: str) -> dict[str, Any]:
    """Return one row of leaderboard.csv; metrics keep their names, columns of a target begin with its name.

    Args:
        outcome: of the job.
        rank: of its candidate.
        keys: of the swept overrides.
        group: its candidate, None where every candidate has one job.
        word: for the jobs of a candidate, ``seeds``.
    """
    means = {f"{name}_mean": group.mean.get(name) for name in outcome.metrics} if group else {}
    spreads = {f"{name}_spread": group.spread.get(name) for name in outcome.metrics} if group else {}
    targets = {
        f"{name}_{what}": target[what]
        for name, target in outcome.targets.items()
        for what in ("bytes", "milliseconds", "status")
    }
    return {
        "rank": rank if outcome.good and outcome.metrics else "",
        "job": outcome.job.number,
        "status": outcome.status,
        **values(outcome.job, keys),
        **outcome.metrics,
        **({word: len(group.outcomes)} if group else {}),
        **means,
        **spreads,
        "epochs": outcome.epochs,
        "fit_seconds": outcome.seconds,
        **targets,
        "training_of": outcome.shared or "",
        "run": outcome.job.folder,
        "error": outcome.error or "",
    }


def show(outcomes: Sequence[Outcome], aim: Aim, console: Terminal, front: frozenset[int] = NOBODY) -> None:
    """Print the best jobs, one row for all seeds and folds of a config; then failures and shared trainings."""
    console.width = max(console.width, NARROWEST)
    keys = varied([outcome.job for outcome in outcomes])
    groups = {candidate.words: candidate for candidate in candidates(outcomes)}
    good = [outcome for outcome in best_first(outcomes, aim) if outcome.good and outcome.metrics]
    order = list(dict.fromkeys(but_for_repeats(outcome.job.overrides) for outcome in good))
    if good:
        console.print(table([groups[words] for words in order[:SHOWN]], keys, front))
    lines = ["* as good as any: no other is as good in each objective and better in one"] if front else []
    lines += [f"and {len(order) - SHOWN} more"] if len(order) > SHOWN else []
    lines += [f"{label(o.job, keys)}: {o.error}" for o in outcomes if o.at_fault]
    pruned = [outcome for outcome in outcomes if outcome.status == "pruned"]
    lines += [f"{len(pruned)} pruned: ended early, having been worse than others by then"] if pruned else []
    lines += trainings(outcomes)
    for line in lines:
        console.say(line)


def table(best: Sequence[Candidate], keys: Sequence[str], front: frozenset[int]) -> Table:
    """Return the terminal table of candidates, the best first."""
    drawn = Table(box=box.SIMPLE_HEAD, header_style="bold")
    metrics = list(dict.fromkeys(name for candidate in best for name in candidate.first.metrics))
    targets = list(dict.fromkeys(name for candidate in best for name in candidate.first.targets))
    word = repeated(best)
    shown = [key for key in keys if not (word and key in REPEATS)]
    for name in ("job", *shown, *([word] if word else []), *metrics, *targets):
        drawn.add_column(name)
    for candidate in best:
        set_to = values(candidate.first.job, shown)
        drawn.add_row(
            f"{candidate.first.job.number}{' *' if candidate.first.job.number in front else ''}",
            *(short(set_to.get(key, "-")) for key in shown),
            *([str(len(candidate.outcomes))] if word else []),
            *(figure(candidate, name) for name in metrics),
            *(target_words(candidate.mean, name) for name in targets),
        )
    return drawn


def figure(candidate: Candidate, name: str) -> str:
    """Return a metric as text: its value, or its mean ± sample standard deviation over several jobs."""
    if name not in candidate.mean:
        return "-"
    return f"{candidate.mean[name]:.4f}" + (f" ± {candidate.spread[name]:.4f}" if name in candidate.spread else "")


def target_words(facts: Mapping[str, float], target: str) -> str:
    """Return size and latency of a target as text."""
    if f"{target}.latency" not in facts:
        return "-"
    return f"{kilobytes(round(facts[f'{target}.size']))}, {facts[f'{target}.latency']:.2f} ms"


def trainings(outcomes: Sequence[Outcome]) -> list[str]:
    """Return a line that says how many trainings served how many jobs; none where no training is shared."""
    own = [outcome for outcome in outcomes if outcome.metrics and not outcome.shared and outcome.status != "same"]
    having = [outcome for outcome in outcomes if outcome.metrics]
    return [f"{len(own)} trainings served {len(having)} jobs"] if len(own) < len(having) else []


def write_best(folder: Path, tree: Mapping[str, Any], best: Outcome) -> None:
    """Write best/experiment/best.yaml: the best job's whole config, which needs none of the groups it came from.

    After a cross-validation it is that of the best candidate, on the split without folds.
    """
    split = (tree.get("data") or {}).get("split") or {}
    if split.get("fold") is not None:
        tree = {**tree, "data": {**tree["data"], "split": {**split, "folds": None, "fold": None}}}
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
    write_text(folder / "best" / "experiment" / "best.yaml", "\n".join([*map(visible, head), body]))


def escaped(value: Any) -> Any:
    """Return a value with every ``${`` escaped, so that it is not an interpolation."""
    if isinstance(value, str):
        return value.replace("${", "\\${")
    if isinstance(value, Mapping):
        return {key: escaped(part) for key, part in value.items()}
    return [escaped(part) for part in value] if isinstance(value, list) else value
