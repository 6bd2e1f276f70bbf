"""PARENT: report.html, one self-contained page of a run: its config, its results and its measurements."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from factory.config.serving import serving_command
from factory.core.files import write_text
from factory.pipeline.provenance import timings_of_commands
from factory.report import baseline_note, block_drawing, charts, settings, signature, table
from factory.report.facts import Facts
from factory.report.gantt import gantt
from factory.report.pages import page, shape

TIMES = "\N{MULTIPLICATION SIGN}"
SIGNS = {
    "published": ("good", "✓"),
    "trained": ("good", "✓"),
    "refused": ("bad", "✗"),
    "failed": ("bad", "✗"),
}
SECTIONS = {
    "summary": "Summary",
    "training": "Curves",
    "validation": "Evaluation",
    "gate": "Gate",
    "targets": "Targets",
    "signature": "Inputs and outputs",
    "architecture": "Architecture",
    "time": "Time",
    "config": "Config",
    "environment": "Environment",
    "commands": "Commands",
}


def write(facts: Facts) -> Path:
    """Write report.html of a run, whatever its status, into the run's folder.

    Returns:
        The path of the page, which has at most 1.5 MB and refers to nothing outside it.
    """
    path = facts.path / "report.html"
    write_text(path, page("report.html", contents(facts)))
    return path


def contents(facts: Facts) -> dict[str, Any]:
    """Return the fields of the page's template; a part that the run did not reach is empty."""
    curves = charts.curves({facts.name: facts.history})
    evaluations = charts.evaluations(facts.evaluation)
    targets = [{"name": name, **target} for name, target in facts.targets.items()]
    costs = [chart for chart in (charts.latency(targets), charts.sizes(targets)) if chart]
    time = gantt(timings_of_commands(facts.summary))
    nodes = facts.architecture.get("nodes", [])
    fields = {
        "curves": curves,
        "evaluations": evaluations,
        "judged_on": facts.judged_on,
        "scores": list(scores(facts)),
        "baseline": list(baseline_note.rows(facts.trained)),
        "unit_of_loss": facts.unit_of_loss,
        "gate": list(gate(facts)),
        "unjudged": [f"{t['name']}: {t['error']}" for t in targets if t.get("error") and not t.get("hops")],
        "costs": costs,
        "published": published(facts),
        "tensors": list(signature.tensors(facts.trained)) if "raw" in facts.trained else [],
        "carrying": list(signature.carrying(facts.targets)),
        "drawing": block_drawing.folded(nodes),
        "time": time,
    }
    shown = {
        "training": curves,
        "validation": evaluations,
        "gate": fields["gate"] or fields["unjudged"],
        "targets": costs,
        "signature": fields["tensors"],
        "architecture": nodes,
        "time": time,
    }
    return {
        **fields,
        "charts": [*curves, *evaluations, *costs, *([time] if time else [])],
        "sections": [(id, title) for id, title in SECTIONS.items() if shown.get(id, True)],
        **head(facts),
        **architecture(facts),
        **background(facts),
    }


def head(facts: Facts) -> dict[str, Any]:
    """Return the fields of the page's head: name, status, warnings and key figures."""
    status = facts.summary["status"]
    mood, sign = SIGNS.get(status, ("wait", "…"))
    return {
        "name": facts.name,
        "status": {"word": status, "mood": mood, "sign": sign},
        "error": facts.summary.get("error"),
        "warnings": baseline_note.warnings(facts.trained),
        "lead": " · ".join(f"{group}={choice}" for group, choice in facts.choices.items() if choice),
        "tiles": list(tiles(facts)),
    }


def tiles(facts: Facts) -> Iterator[dict[str, str]]:
    """Yield the key figures of a run, each as label, value and a remark."""
    trained, commands = facts.trained, timings_of_commands(facts.summary)
    for name, value in facts.metrics.items():
        more = facts.unit_of_loss if name == "loss" else ""
        yield {"label": f"{facts.judged_on} {name}", "value": figure(value), "more": more}
    if trained:
        seconds = f"{table.fit_seconds(trained):.1f} s on {trained['backend']}"
        yield {"label": "parameters", "value": f"{trained['parameters']:,}", "more": ""}
        yield {"label": "epochs", "value": str(trained["epochs"]), "more": seconds}
        rows = f"+ {trained['rows']['validation']:,} to validate"
        rows += f", {tested:,} to test" if (tested := trained["rows"].get("test")) else ""
        yield {"label": "training rows", "value": f"{trained['rows']['train']:,}", "more": rows}
    if targets := facts.summary.get("targets"):
        passed = sum(target["status"] == "passed" for target in targets.values())
        yield {"label": "targets passed", "value": f"{passed} of {len(targets)}", "more": ", ".join(targets)}
    if commands:
        spans = [
            max(timing["start"] + timing["seconds"] for timing in timings) - min(timing["start"] for timing in timings)
            for timings in commands
        ]
        more = f"in {len(spans)} commands" if len(spans) > 1 else ""
        yield {"label": "whole run", "value": f"{sum(spans):.1f} s", "more": more}


def figure(value: float) -> str:
    """Return a number with four decimals, or with one where it is 1000 or more."""
    return f"{value:.4f}" if abs(value) < 1000 else f"{value:,.1f}"


def scores(facts: Facts) -> Iterator[list[str]]:
    """Yield a row for each output and score: precision, recall and F1 score of a classification, R² of a regression."""
    for name, judged in facts.evaluation.items():
        for score, value in (judged.get("scores") or {}).items():
            yield [name, score.replace("_", " "), f"{value:.4f}"]
        for number, column in enumerate(judged.get("columns", ())):
            if column["r2"] is not None:
                place = f"[{number}]" if len(judged["columns"]) > 1 else ""
                yield [name, f"R²{place}", f"{column['r2']:.4f}"]


def gate(facts: Facts) -> Iterator[dict[str, Any]]:
    """Yield each target that the gate judged: its tolerance in words, and a row for each hop and output."""
    scaled = any(output.get("scale") for output in (facts.trained.get("data") or {}).get("outputs", ()))
    for name, target in facts.targets.items():
        if hops := target.get("hops"):
            rows = [measured(hop["name"], found) for hop in hops for found in hop["differences"]]
            terms = f"made under {target['backend']}; {allowed(target['tolerance'], scaled)}"
            yield {"target": name, "terms": terms, "rows": rows}


def measured(hop: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the gate's measurements of one output at one hop, formatted for the page."""
    used = found["used"]
    return {
        "hop": hop,
        "output": found["output"],
        "rows": f"{found['rows']:,}",
        "difference": f"{found['max_absolute']:.1e}" if found["max_absolute"] else "0",
        "percent": f"{min(100.0, 100 * used):.1f}",
        "used": f"{used:.2%}" if used < 10 else f"{used:,.0f} {TIMES}",
        "headroom": headroom(used),
        "flips": found["flips"],
        "passed": found["within"],
    }


def allowed(tolerance: Mapping[str, Any], scaled: bool) -> str:
    """Return the tolerance in words; ``scaled`` says that an output's targets were scaled for training."""
    unit = " (of a scaled target's deviation)" if scaled else ""
    return f"allowed in {tolerance['dtype']}: {tolerance['absolute']:g}{unit} + {tolerance['relative']:g} of the value"


def headroom(used: float) -> str:
    """Return how many times larger the difference might be within the tolerance.

    >>> headroom(0.0), headroom(2.5)
    ('exact', 'none')
    """
    return "exact" if used == 0 else "none" if used > 1 else f"{1 / used:,.0f} {TIMES}"


def published(facts: Facts) -> list[list[str]]:
    """Return a row for each target: name, status, change of the metric, published folder."""
    targets: Mapping[str, Any] = facts.summary.get("targets") or {}
    rows = []
    for name, target in targets.items():
        where = target["published"] or "not published"
        rows.append([name, target["status"], table.change(target.get("metric")), where])
    return rows


def architecture(facts: Facts) -> dict[str, Any]:
    """Return the fields of the page's architecture section."""
    nodes: Sequence[Mapping[str, Any]] = facts.architecture.get("nodes", [])
    total = sum(node["parameters"] for node in nodes)
    learned = sum(node["trainable"] for node in nodes)
    return {
        "architecture_note": f"{len(nodes)} nodes, {total:,} parameters, of which {learned:,} are trained",
        "ends": set(facts.architecture.get("outputs", {}).values()),
        "layers": [
            [n["name"], n["kind"], shape(n), f"{n['parameters']:,}", f"{n['trainable']:,}", ", ".join(n["from"])]
            for n in nodes
        ],
    }


def background(facts: Facts) -> dict[str, Any]:
    """Return the fields of the page's config, environment and commands sections."""
    summary, trained = facts.summary, facts.trained
    versions: Mapping[str, str] = summary.get("versions") or {}
    computing = ("keras", "numpy", *{str(t["backend"]) for t in facts.targets.values()}, str(trained.get("backend")))
    data = [("data fingerprint", trained["data"]["fingerprint"])] if trained else []
    model = [("model SHA-256", trained["sha256"]["model.keras"])] if trained else []
    return {
        "choices": "Against the options " + ", ".join(f"{g}={c}" for g, c in facts.choices.items() if c) + ".",
        "differences": settings.differences_from_defaults(facts),
        "config": yaml.dump(dict(facts.tree), Dumper=DUMPER, sort_keys=False, allow_unicode=True),
        "environment": [
            ("git revision", summary.get("git") or "not a repository"),
            ("Python", summary.get("python")),
            ("platform", summary.get("platform")),
            ("cores", f"{summary.get('cores')}, {summary.get('threads')} threads"),
            *((name, versions[name]) for name in dict.fromkeys(computing) if name in versions),
            *data,
            *model,
        ],
        "packages": list(versions.items()),
        "commands": list(commands(facts)),
    }


DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def commands(facts: Facts) -> Iterator[tuple[str, str]]:
    """Yield labelled shell commands: serve each published target, repeat or resume the run, show its table."""
    targets: Mapping[str, Any] = facts.summary.get("targets") or {}
    for name, target in targets.items():
        if target["published"] and target.get("serve"):
            yield f"Serve {name}", serving_command(target["serve"], Path(target["published"]))
    yield "Do it again", reproduce(facts)
    if facts.summary["status"] in ("interrupted", "running"):
        yield "Go on", shlex.join(["python", "-m", "factory", "resume", str(facts.path)])
    yield "The table in a terminal", shlex.join(["python", "-m", "factory", "report", str(facts.path)])


def reproduce(facts: Facts) -> str:
    """Return the command that repeats a run, without its run folder, which is taken; with a git checkout if known."""
    own = [["--config-dir", str(folder)] for folder in facts.sources[:-1]]
    words = [word for word in facts.summary["overrides"] if not word.lstrip("+").startswith("hydra.run.dir=")]
    command = shlex.join(["python", "-m", "factory", *(word for flag in own for word in flag), *words])
    revision = facts.summary.get("git")
    if not revision:
        return command
    changed = "  # where files differed" if revision.endswith("-dirty") else ""
    return f"git checkout {revision.removesuffix('-dirty')}{changed}\n{command}"
