"""PARENT: a comparison of runs: results, config differences, curves, gates; as terminal tables and an HTML page."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table

from factory.core.errors import ConfigError
from factory.core.files import write_text
from factory.core.terminal import Terminal
from factory.report import charts, settings, table
from factory.report.charts import Chart
from factory.report.facts import Facts, read_facts
from factory.report.pages import page, plain
from factory.report.run_page import headroom

FOLDER = Path("outputs") / "compare"
MOST_EVALUATIONS = 12  # matrices and residual plots
LONGEST_NAME = 120  # characters of the page's file name


def load_runs(paths: Sequence[str]) -> tuple[dict[str, Facts], list[str]]:
    """Read the runs that are to be compared.

    Returns:
        The runs by a short label: the folder's name, or the path as it was typed where two folders share a name. Then
        a message for each run that cannot be read, where there are still two to compare.

    Raises:
        ConfigError: fewer than two runs, the same run twice, or fewer than two that can be read.
    """
    if len(paths) < 2:
        raise ConfigError(f"compare: got {' '.join(paths) or 'nothing'}; takes two run folders or more")
    if len({os.path.realpath(path) for path in paths}) < len(paths):
        raise ConfigError(f"compare: got {' '.join(paths)}; takes different run folders")
    names = [os.path.basename(os.path.realpath(path)) for path in paths]
    labels = [name if names.count(name) == 1 else path for name, path in zip(names, paths, strict=True)]
    found: dict[str, Facts] = {}
    unreadable: list[str] = []
    for label, path in zip(labels, paths, strict=True):
        try:
            found[label] = read_facts(Path(path))
        except ConfigError as error:
            unreadable.extend(error.problems)
    if len(found) < 2:
        raise ConfigError(unreadable)
    return found, unreadable


def write(runs: Mapping[str, Facts]) -> Path:
    """Write the page that shows runs side by side; the same runs always give the same file.

    Returns:
        The path of the page.
    """
    name = re.sub(r"[^\w.-]+", "_", "-".join(runs))[:LONGEST_NAME]
    path = FOLDER / f"{name}.html"
    write_text(path, page("compare.html", contents(runs)))
    return path


def contents(runs: Mapping[str, Facts]) -> dict[str, Any]:
    """Return the fields of the comparison's template."""
    curves = charts.curves({label: facts.history for label, facts in runs.items()})
    targets = [
        {**target, "name": f"{name}, {label}"}
        for name in target_names(runs)
        for label, facts in runs.items()
        if (target := facts.targets.get(name))
    ]
    costs = [chart for chart in (charts.latency(targets), charts.sizes(targets)) if chart]
    judged = evaluations(runs)
    return {
        "labels": list(runs),
        "paths": [str(facts.path) for facts in runs.values()],
        "warnings": list(warnings(runs)),
        "results": (result_columns(runs), list(results(runs))),
        "differences": differences(runs),
        "gate": list(gate(runs)),
        "gate_columns": GATE_COLUMNS,
        "curves": curves,
        "evaluations": judged,
        "costs": costs,
        "charts": [*curves, *judged, *costs],
    }


def evaluations(runs: Mapping[str, Facts]) -> list[Chart]:
    """Return confusion matrices and residual plots by output, all runs side by side; none where they are too large."""
    found = []
    for name in dict.fromkeys(name for facts in runs.values() for name in facts.evaluation):
        for label, facts in runs.items():
            output = {name: facts.evaluation[name]} if name in facts.evaluation else {}
            drawn = (chart for chart in charts.evaluations(output) if chart.spec)
            found += [replace(chart, title=f"{label}: {chart.title}") for chart in drawn]
    small = all(len(chart.rows) <= charts.LARGEST_NUMBERED for chart in found)
    return found if small and len(found) <= MOST_EVALUATIONS else []


def show(runs: Mapping[str, Facts], console: Terminal) -> None:
    """Print the results, config differences and gates of runs as tables, then the warnings."""
    tables = [filled(result_columns(runs), results(runs))]
    if rows := differences(runs):
        tables.append(filled(["config", *runs], ([path, *map(plain, values)] for path, values in rows)))
    if judged := list(gate(runs)):
        tables.append(filled(GATE_COLUMNS, judged))
    wide = wide_enough(console, tables)
    for printed in tables:
        wide.print(printed)
    if not rows:
        console.say("their configs do not differ")
    for warning in warnings(runs):
        console.say(warning)


def filled(columns: Sequence[str], rows: Any) -> Table:
    """Return a Rich table of these columns and rows; no cell is wrapped, since a path is there to be copied."""
    made = Table(box=box.SIMPLE_HEAD, header_style="bold")
    for column in columns:
        made.add_column(column, no_wrap=True)
    for row in rows:
        made.add_row(*row)
    return made


def wide_enough(console: Terminal, tables: Sequence[Table]) -> Terminal:
    """Widen the console to its widest table, and return it; a narrower terminal wraps lines and loses nothing."""
    unlimited = console.options.update(max_width=100_000)
    console.width = max([console.width, *(console.measure(table, options=unlimited).maximum for table in tables)])
    return console


def metric_names(runs: Mapping[str, Facts]) -> list[str]:
    return list(dict.fromkeys(name for facts in runs.values() for name in facts.metrics))


def target_names(runs: Mapping[str, Facts]) -> list[str]:
    return list(dict.fromkeys(name for facts in runs.values() for name in facts.targets))


def result_columns(runs: Mapping[str, Facts]) -> list[str]:
    return ["run", "name", "status", "judged on", *metric_names(runs), "parameters", "epochs", "fit"]


def results(runs: Mapping[str, Facts]) -> Iterator[list[str]]:
    """Yield a row for each run: status, metrics and the rows they are of, size and time of its training."""
    names = metric_names(runs)
    for label, facts in runs.items():
        trained, found = facts.trained, facts.metrics
        metrics = [f"{found[name]:.4f}" if name in found else "-" for name in names]
        how = ["-", "-", "-"]
        if trained:
            how = [f"{trained['parameters']:,}", str(trained["epochs"]), f"{table.fit_seconds(trained):.1f} s"]
        yield [label, facts.name, facts.summary["status"], facts.judged_on if trained else "-", *metrics, *how]


def differences(runs: Mapping[str, Facts]) -> list[tuple[str, list[Any]]]:
    """Return the config paths where runs differ, each with a value for each run.

    Settings of a target that only some of the runs have are left out; that the targets differ is one row.
    """
    shared = set.intersection(*(set(facts.targets) | {""} for facts in runs.values()))
    found = settings.differences_between(list(runs.values()))

    def in_all_runs(path: str) -> bool:
        parts = path.split(".")
        return parts[:2] != ["deploy", "target"] or len(parts) < 3 or parts[2] in shared

    targets = [facts.asked for facts in runs.values()]
    named = [("deploy.target", targets)] if any(names != targets[0] for names in targets) else []
    return [row for row in found if in_all_runs(row[0]) and row[0] != "deploy.target"] + named


GATE_COLUMNS = [
    "target",
    "run",
    "gate",
    "made under",
    "difference",
    "headroom",
    "metric",
    "size",
    "latency, batch 1, 32",
]


def gate(runs: Mapping[str, Facts]) -> Iterator[list[str]]:
    """Yield a row for each target and run, with the columns of `GATE_COLUMNS`."""
    for name in target_names(runs):
        for label, facts in runs.items():
            target = (facts.summary.get("targets") or {}).get(name)
            if not target:
                continue
            found = target.get("difference")
            yield [
                name,
                label,
                target["status"],
                target["backend"],
                table.difference(found),
                headroom(found["used"]) if found and "used" in found else "-",
                table.change(target.get("metric")),
                table.kilobytes(target.get("bytes")),
                table.milliseconds(target.get("latency")),
            ]


def warnings(runs: Mapping[str, Facts]) -> Iterator[str]:
    """Yield a warning for each reason why numbers of these runs are not comparable."""
    data = {facts.trained["data"]["fingerprint"] for facts in runs.values() if facts.trained}
    if len(data) > 1:
        yield "They were trained and validated on different rows: their metrics are not comparable as they stand."
    if len({facts.judged_on for facts in runs.values() if facts.trained}) > 1:
        yield "Some are judged on test rows, others on validation rows: their metrics are not comparable as they stand."
    machines = {(facts.summary.get("platform"), facts.summary.get("cores")) for facts in runs.values()}
    if len(machines) > 1:
        yield "They ran on different machines: their times are not comparable as they stand."
