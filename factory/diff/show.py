"""A review as a terminal shows it, as Markdown for a pull request, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from factory.diff.architecture import Row
from factory.diff.classes import WORDS, Class
from factory.diff.review import Finding, Layers, Review
from factory.diff.walk import ABSENT, Change

STYLES = {
    Class.contract: "bold red",
    Class.retrain: "yellow",
    Class.reexport: "cyan",
    Class.operational: "dim",
    Class.none: "dim",
}
MARKER = "<!-- factory diff -->"
"""First line of the Markdown: by it a workflow finds its own comment again."""

SIGNS = {"same": "", "changed": "~", "renamed": "→", "added": "+", "removed": "-"}
MOST_NAMED = 6
LONGEST = 100
HEADER = ("", "layer", "kind", "output shape", "parameters", "FLOPs")


def headline(review: Review) -> str:
    """One line: both sides, the class, how much is affected."""
    sides = f"{review.names[0]} → {review.names[1]}"
    if review.cls is Class.none and not review.statuses:
        why = "comments, order or formatting" if review.unmeaning else "nothing differs"
        return f"{sides}: none ({why})"
    count = f"{len(review.affected)} of {review.compared} compositions affected" if review.compared > 1 else ""
    return f"{sides}: {WORDS[review.cls]}" + (f"; {count}" if count else "")


# ---- words


def value(of: Any) -> str:
    """A value as it is written in YAML, on one line, cut short where it is long."""
    if of is ABSENT:
        return "(absent)"
    text = of if isinstance(of, str) else json.dumps(of, ensure_ascii=False)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def words(change: Change) -> str:
    match change.verb:
        case "added":
            return f"added {value(change.new)}"
        case "removed":
            return f"removed {value(change.old)}"
        case "renamed":
            return f"renamed from {change.old}"
        case "reordered":
            return f"reordered: {', '.join(map(str, change.old))} → {', '.join(map(str, change.new))}"
    return f"{value(change.old)} → {value(change.new)}"


def where(labels: Sequence[str]) -> str:
    """The first labels, and how many more."""
    rest = len(labels) - MOST_NAMED
    return ", ".join(labels[:MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def title(layers: Layers) -> str:
    first, *others = layers.compositions
    return f"layers of {first}" + (f"; likewise in {where(others)}" if others else "")


def pair(old: Any, new: Any) -> str:
    return str(new) if old == new else f"{old} → {new}"


def cells(row: Row) -> tuple[str, ...]:
    """sign, name, kind, shape, parameters, FLOPs of a layer, old → new where they differ."""
    old, new = row.old or {}, row.new or {}

    def both(key: str) -> str:
        sides = [_figure(side[key]) for side in (old, new) if side]
        return pair(sides[0], sides[-1])

    return (SIGNS[row.verb], row.name, *(both(key) for key in ("kind", "shape", "parameters", "flops")))


def _figure(of: Any) -> str:
    if isinstance(of, int):
        return f"{of:,}"
    return "x".join(str(size or "?") for size in of) if isinstance(of, list) else str(of)


def totals(layers: Layers) -> tuple[str, ...]:
    both = {key: pair(f"{old:,}", f"{new:,}") for key, (old, new) in layers.totals.items()}
    return ("", "total", "", "", both["parameters"], both["flops"])


def status(review: Review, label: str) -> str:
    return {"broken": "no longer composes", "mended": "composes again"}.get(
        review.statuses[label], review.statuses[label]
    )


def by_class(findings: Iterable[Finding]) -> dict[Class, list[Finding]]:
    found: dict[Class, list[Finding]] = {}
    for finding in findings:
        found.setdefault(finding.cls, []).append(finding)
    return found


# ---- terminal


def terminal(review: Review, console: Console) -> None:
    """Print it."""
    console.width = max(console.width, 112)
    console.print(headline(review), style=STYLES[review.cls], highlight=False, soft_wrap=True, markup=False)
    many = review.compared > 1
    for label in review.statuses:
        console.print(f"\n{label}: {status(review, label)}", style="bold", highlight=False, markup=False)
        for fault in review.faults.get(label, ()):
            console.print(f"  {fault}", highlight=False, markup=False, soft_wrap=True)
    for cls, findings in by_class(review.findings).items():
        console.print(f"\n{WORDS[cls]}", style=STYLES[cls])
        for finding in findings:
            line = f"  {finding.change.path}  {words(finding.change)}"
            console.print(line, highlight=False, markup=False, soft_wrap=True)
            if many:
                console.print(f"      in {where(finding.compositions)}", style="dim", highlight=False, markup=False)
    for layers in review.layers:
        console.print(f"\n{title(layers)}", style="bold", highlight=False, markup=False)
        console.print(layers.note or _table(layers), highlight=False)
    for file in review.unmeaning:
        console.print(f"none: {file}: comments, order or formatting", style="dim", highlight=False, markup=False)


def _table(layers: Layers) -> Table:
    table = Table(box=box.SIMPLE_HEAD, header_style="bold")
    for place, column in enumerate(HEADER):
        table.add_column(column, justify="right" if place > 3 else "left", no_wrap=place == 0)
    styles = {"changed": "yellow", "renamed": "cyan", "added": "green", "removed": "red"}
    for row in layers.rows:
        table.add_row(*map(escape, cells(row)), style=styles.get(row.verb))
    table.add_section()
    table.add_row(*totals(layers), style="bold")
    return table


# ---- Markdown


def markdown(review: Review) -> str:
    """Fit for a pull-request comment."""
    parts = [MARKER, f"### {_plain(headline(review))}"]
    if review.statuses:
        rows = [
            [label, status(review, label), "<br>".join(map(_code, review.faults.get(label, ())))]
            for label in review.statuses
        ]
        parts.append(_markdown_table(("composition", "", "why"), rows))
    if review.findings:
        rows = [
            [
                f"**{finding.cls.word}**",
                _code(finding.change.path),
                _change(finding.change),
                where(finding.compositions),
            ]
            for finding in review.findings
        ]
        many = review.compared > 1
        columns = ("class", "key", "change", "in")
        parts.append(_markdown_table(columns if many else columns[:3], [row if many else row[:3] for row in rows]))
    for layers in review.layers:
        body = layers.note
        if body is None:
            body = _markdown_table(
                HEADER, [*map(cells, layers.rows), [f"**{c}**" if c else "" for c in totals(layers)]]
            )
        parts.append(f"<details open><summary>{_plain(title(layers))}</summary>\n\n{body}\n\n</details>")
    parts += [f"none: `{file}`: comments, order or formatting" for file in review.unmeaning]
    return "\n\n".join(parts) + "\n"


def _change(change: Change) -> str:
    if change.verb == "set":
        return f"{_code(value(change.old))} → {_code(value(change.new))}"
    return _plain(words(change)) if change.verb in ("renamed", "reordered") else f"{change.verb} {_code(_side(change))}"


def _side(change: Change) -> str:
    return value(change.new if change.verb == "added" else change.old)


def _code(text: str) -> str:
    """As code, whatever is in it: a config may come from a stranger."""
    fence = "``" if "`" in text else "`"
    return f"{fence}{' ' if fence != '`' else ''}{text}{' ' if fence != '`' else ''}{fence}".replace("\n", " ")


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("\n", " ")


def _markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


# ---- JSON


def as_json(review: Review) -> str:
    """All of it, for programs."""
    return json.dumps(
        {
            "sides": list(review.names),
            "class": review.cls.word,
            "compositions": review.compared,
            "affected": list(review.affected),
            "changes": [
                {
                    "path": finding.change.path,
                    "class": finding.cls.word,
                    "change": finding.change.verb,
                    **{
                        side: part
                        for side, part in (("old", finding.change.old), ("new", finding.change.new))
                        if part is not ABSENT
                    },
                    "compositions": list(finding.compositions),
                }
                for finding in review.findings
            ],
            "statuses": {
                label: {"status": found, "faults": list(review.faults.get(label, ()))}
                for label, found in review.statuses.items()
            },
            "layers": [_layers_json(layers) for layers in review.layers],
            "none": list(review.unmeaning),
        },
        indent=2,
        ensure_ascii=False,
    )


def _layers_json(layers: Layers) -> dict[str, Any]:
    return {
        "compositions": list(layers.compositions),
        "note": layers.note,
        "rows": [{"change": row.verb, "old": row.old, "new": row.new} for row in layers.rows],
        **{key: {"old": old, "new": new} for key, (old, new) in layers.totals.items()},
    }
