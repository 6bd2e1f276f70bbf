"""PARENT: Rendering of a review for the terminal, as Markdown for a pull request, and as JSON."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Any

from rich import box
from rich.table import Table

from factory.core.markdown import code, table
from factory.core.markdown import words as harmless
from factory.core.printable import json_text, visible
from factory.core.terminal import Terminal
from factory.diff.block_changes import named, node_of
from factory.diff.impact import WORDS, Class
from factory.diff.layer_tables import Row
from factory.diff.review import Finding, Layers, Review
from factory.diff.tree_changes import ABSENT, Change

STYLES = {
    Class.broken: "bold red",
    Class.contract: "bold red",
    Class.gate: "bold yellow",
    Class.retrain: "yellow",
    Class.reexport: "cyan",
    Class.operational: "dim",
    Class.none: "dim",
}
MARKER = "<!-- factory diff -->"
"""First line of the Markdown, by which a workflow finds its own comment again."""

SIGNS = {"same": "", "changed": "~", "renamed": "→", "added": "+", "removed": "-"}
MOST_NAMED = 6
MOST_MEANT = 6
LONGEST = 100
HEADER = ("", "layer", "kind", "output shape", "parameters", "FLOPs")


def headline(review: Review) -> str:
    """Return a review in one line: both sides, the class, how much is affected."""
    return f"{' → '.join(review.names)}: {outcome(review)}"


def outcome(review: Review) -> str:
    """Return the class of a review in words, with the number of compositions affected."""
    if review.cls is Class.none and not review.statuses:
        why = "comments, order or formatting" if review.unmeaning else "nothing differs"
        return f"none ({why})"
    count = f"{len(review.affected)} of {review.compared} compositions affected" if review.compared > 1 else ""
    return WORDS[review.cls] + (f"; {count}" if count else "")


# ---- words


def value_words(of: Any) -> str:
    """Return a value as YAML writes it, on one line, cut where it is long."""
    if of is ABSENT:
        return "(absent)"
    text = of if isinstance(of, str) else json_text(of)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def change_words(change: Change) -> str:
    """Return what a change does, in words."""
    match change.verb:
        case "added":
            return f"added {value_words(change.new)}"
        case "removed":
            return f"removed {value_words(change.old)}"
        case "renamed":
            return f"renamed from {change.old}"
        case "reordered":
            return f"reordered: {', '.join(map(str, change.old))} → {', '.join(map(str, change.new))}"
    return f"{value_words(change.old)} → {value_words(change.new)}"


def meaning(change: Change) -> list[str]:
    """Return what a change of a block means for the layers that it stands for, one line for each sort of change."""
    if change.means is None:
        return []
    nodes: dict[str, list[str]] = {}
    for part in change.means:
        name, place = node_of(part)
        what = "" if part.verb in ("added", "removed", "renamed") else f" {change_words(part)}"
        nodes.setdefault(f"{place or part.verb}{what}", []).append(name)
    lines = [
        f"{what} in {named(names)}" for what, names in sorted(nodes.items(), key=lambda item: item[0][:4] == "from")
    ]
    more = [f"and {len(lines) - MOST_MEANT} more changes"] if len(lines) > MOST_MEANT else []
    return [*lines[:MOST_MEANT], *more] or ["expands to the same layers"]


def where(labels: Sequence[str]) -> str:
    """Return the first few labels and how many more there are."""
    rest = len(labels) - MOST_NAMED
    return ", ".join(labels[:MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def title(layers: Layers) -> str:
    """Return the title of a layer table: the compositions it holds for."""
    first, *others = layers.compositions
    return f"layers of {first}" + (f"; likewise in {where(others)}" if others else "")


def pair(old: Any, new: Any) -> str:
    """Return a value, or ``old → new`` where the two differ."""
    return str(new) if old == new else f"{old} → {new}"


def cells(row: Row) -> tuple[str, ...]:
    """Return the cells of a layer: sign, name, kind, shape, parameters, FLOPs; ``old → new`` where they differ."""
    old, new = row.old or {}, row.new or {}

    def both(key: str) -> str:
        sides = [_figure(side[key]) for side in (old, new) if side]
        return pair(sides[0], sides[-1])

    return (SIGNS[row.verb], row.name, *(both(key) for key in ("kind", "shape", "parameters", "flops")))


def _figure(of: Any) -> str:
    """Return a number or a shape as text, ``?`` for a free axis."""
    if isinstance(of, int):
        return f"{of:,}"
    return "x".join(str(size or "?") for size in of) if isinstance(of, list) else str(of)


def totals(layers: Layers) -> tuple[str, ...]:
    """Return the cells of a layer table's last row."""
    both = {key: pair(f"{old:,}", f"{new:,}") for key, (old, new) in layers.totals.items()}
    return ("", "total", "", "", both["parameters"], both["flops"])


def status(review: Review, label: str) -> str:
    """Return what happened to a composition, in words."""
    return {"broken": "no longer composes", "mended": "composes again"}.get(
        review.statuses[label], review.statuses[label]
    )


def by_class(findings: Iterable[Finding]) -> dict[Class, list[Finding]]:
    """Return the findings of each class, in order."""
    found: dict[Class, list[Finding]] = {}
    for finding in findings:
        found.setdefault(finding.cls, []).append(finding)
    return found


# ---- terminal


def terminal(review: Review, console: Terminal) -> None:
    """Print a review."""
    console.width = max(console.width, 112)
    console.say(headline(review), STYLES[review.cls])
    many = review.compared > 1
    for label in review.statuses:
        console.print()
        console.say(f"{label}: {status(review, label)}", "bold")
        for problem in review.problems.get(label, ()):
            console.say(f"  {problem}")
    for cls, findings in by_class(review.findings).items():
        console.print()
        console.say(WORDS[cls], STYLES[cls])
        for finding in findings:
            console.say(f"  {finding.change.path}  {change_words(finding.change)}")
            for line in meaning(finding.change):
                console.say(f"      {line}", "dim")
            if many:
                console.say(f"      in {where(finding.compositions)}", "dim")
    for layers in review.layers:
        console.print()
        console.say(title(layers), "bold")
        console.print(layers.note or _table(layers))
    for file in review.unmeaning:
        console.say(f"none: {file}: comments, order or formatting", "dim")


def _table(layers: Layers) -> Table:
    """Return a layer table for the terminal."""
    drawn = Table(box=box.SIMPLE_HEAD, header_style="bold")
    for index, column in enumerate(HEADER):
        drawn.add_column(column, justify="right" if index > 3 else "left", no_wrap=index == 0)
    styles = {"changed": "yellow", "renamed": "cyan", "added": "green", "removed": "red"}
    for row in layers.rows:
        drawn.add_row(*cells(row), style=styles.get(row.verb))
    drawn.add_section()
    drawn.add_row(*totals(layers), style="bold")
    return drawn


# ---- Markdown


def markdown(review: Review) -> str:
    """Return a review as Markdown for a pull-request comment."""
    parts = [MARKER, f"### {' → '.join(map(harmless, review.names))}: {outcome(review)}"]
    if review.statuses:
        rows = [
            [harmless(label), harmless(status(review, label)), "<br>".join(map(code, review.problems.get(label, ())))]
            for label in review.statuses
        ]
        parts.append(table(("composition", "", "why"), rows))
    if review.findings:
        rows = [
            [
                f"**{finding.cls.word}**",
                code(finding.change.path),
                "<br>".join([_change(finding.change), *map(harmless, meaning(finding.change))]),
                harmless(where(finding.compositions)),
            ]
            for finding in review.findings
        ]
        shown = 4 if review.compared > 1 else 3
        parts.append(table(("class", "key", "change", "in")[:shown], [row[:shown] for row in rows]))
    for layers in review.layers:
        summary = html.escape(visible(title(layers)), quote=False)
        parts.append(f"<details open><summary>{summary}</summary>\n\n{_body(layers)}\n\n</details>")
    parts += [f"none: {code(file)}: comments, order or formatting" for file in review.unmeaning]
    return "\n\n".join(parts) + "\n"


def _body(layers: Layers) -> str:
    """Return a layer table, or the note in its place, as Markdown."""
    if layers.note is not None:
        return harmless(layers.note)
    rows = [[sign, *map(harmless, rest)] for sign, *rest in map(cells, layers.rows)]
    return table(HEADER, [*rows, [f"**{total}**" if total else "" for total in totals(layers)]])


def _change(change: Change) -> str:
    """Return what a change does, in Markdown."""
    match change.verb:
        case "added" | "removed":
            return f"{change.verb} {code(value_words(change.new if change.verb == 'added' else change.old))}"
        case "set":
            return f"{code(value_words(change.old))} → {code(value_words(change.new))}"
    return harmless(change_words(change))


# ---- JSON


def as_json(review: Review) -> str:
    """Return a whole review as JSON text, for programs."""
    return json_text(
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
                    **({} if finding.change.means is None else {"means": meaning(finding.change)}),
                    "compositions": list(finding.compositions),
                }
                for finding in review.findings
            ],
            "statuses": {
                label: {"status": found, "faults": list(review.problems.get(label, ()))}
                for label, found in review.statuses.items()
            },
            "layers": [_layers_json(layers) for layers in review.layers],
            "none": list(review.unmeaning),
        },
        indent=2,
    )


def _layers_json(layers: Layers) -> dict[str, Any]:
    """Return a layer table as JSON values."""
    return {
        "compositions": list(layers.compositions),
        "note": layers.note,
        "rows": [{"change": row.verb, "old": row.old, "new": row.new} for row in layers.rows],
        **{key: {"old": old, "new": new} for key, (old, new) in layers.totals.items()},
    }
