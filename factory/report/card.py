"""PARENT: model_card.md, a Hugging Face model card made of the facts of a run.

https://huggingface.co/docs/hub/model-cards and https://github.com/huggingface/hub-docs/blob/main/modelcard.md
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from factory.core.files import write_text
from factory.report import baseline_note, run_page, signature, table
from factory.report.facts import Facts
from factory.report.pages import shape, text
from factory.report.run_page import commands, headroom

IMAGE_RANK = 3  # height, width, channels
MOST_LAYERS = 60


def write(facts: Facts) -> Path:
    """Write the model card of a run, whatever its status, into the run's folder.

    Returns:
        The path of the card.
    """
    path = facts.path / "model_card.md"
    write_text(path, text("model_card.md", contents(facts)))
    return path


def contents(facts: Facts) -> dict[str, Any]:
    """Return the fields of the model card's template."""
    trained, tree = facts.trained, facts.tree
    nodes = facts.architecture.get("nodes", [])
    return {
        "metadata": yaml.safe_dump(metadata(facts), sort_keys=False, allow_unicode=True).strip(),
        "name": facts.name,
        "summary": facts.summary,
        "trained": trained,
        "judged_on": facts.judged_on,
        "metrics": facts.metrics,
        "scores": list(run_page.scores(facts)),
        "unit_of_loss": facts.unit_of_loss,
        "baseline": list(baseline_note.rows(trained)),
        "warnings": baseline_note.warnings(trained),
        "tree": tree,
        "choices": {group: choice for group, choice in facts.choices.items() if choice},
        "optimizer": {key: value for key, value in tree.get("optimizer", {}).items() if key != "name"},
        "tensors": list(signature.tensors(trained)),
        "raw": "raw" in trained,
        "carrying": list(signature.carrying(facts.targets)),
        "layers": [[n["name"], n["kind"], shape(n), f"{n['parameters']:,}"] for n in nodes[:MOST_LAYERS]],
        "more_layers": max(0, len(nodes) - MOST_LAYERS),
        "gate": list(gate(facts)),
        "commands": list(commands(facts)),
    }


def metadata(facts: Facts) -> dict[str, Any]:
    """Return the card's YAML header, which the Hub reads; the licence is the user's to declare and is left out."""
    header: dict[str, Any] = {"library_name": "keras", "tags": ["keras", "factory", *facts.targets]}
    if kind := pipeline_tag(facts.trained):
        header["pipeline_tag"] = kind
    if facts.metrics:
        data = str(facts.choices.get("data") or facts.tree["data"]["source"])
        rows = facts.judged_on
        result = {
            "task": {"type": kind or "other"},
            "dataset": {"name": data, "type": data, "split": rows},
            "metrics": [{"type": name, "name": f"{rows} {name}", "value": v} for name, v in facts.metrics.items()],
        }
        header["model-index"] = [{"name": facts.name, "results": [result]}]
    return header


def pipeline_tag(trained: Mapping[str, Any]) -> str | None:
    """Return the Hub's pipeline tag of a model with one input and one output; None where the Hub has none."""
    data = trained.get("data")
    if not data or len(data["inputs"]) > 1 or len(data["outputs"]) > 1:
        return None
    rank, task = len(data["inputs"][0]["shape"]), data["outputs"][0]["task"]
    if rank == IMAGE_RANK:
        return "image-classification" if task == "classification" else None
    return f"tabular-{task}" if rank == 1 else None


def gate(facts: Facts) -> Iterator[list[str]]:
    """Yield a row for each target: backend, status, size, difference, headroom, metric, latency, published folder."""
    for name, target in (facts.summary.get("targets") or {}).items():
        found = target.get("difference")
        yield [
            name,
            target["backend"],
            target["status"],
            table.kilobytes(target.get("bytes")),
            table.difference(found),
            headroom(found["used"]) if found and "used" in found else "-",
            table.change(target.get("metric")),
            table.milliseconds(target.get("latency")),
            target["published"] or "-",
        ]
