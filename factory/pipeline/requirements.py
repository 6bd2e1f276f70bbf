"""PARENT: What a model must reach to be published, ``deploy.require``, held against what it was measured at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from factory.core.errors import RequirementError
from factory.core.messages import unknown
from factory.core.scores import BETTER_THAN, against, direction, first_metric, quoted
from factory.registry.publish import newest


def require_scores(tree: Mapping[str, Any], trained: Mapping[str, Any], models: Path, *, deployed: bool) -> None:
    """Refuse to publish a model that does not reach what its config requires.

    A run that deploys nowhere has no other model to be better than, but must reach the metrics that are required.

    Args:
        tree: the config.
        trained: train/report.json.
        models: folder of published versions.
        deployed: whether anything would be published.

    Raises:
        RequirementError: with a line for each requirement that is not met.
    """
    require = {"baseline": True, **(tree["deploy"].get("require") or {})}
    lines = [*below_bounds(require, trained)]
    if deployed and require["baseline"]:
        lines += worse_than_trivial(trained)
    if deployed and require.get("published") and (version := newest(models, tree["name"])):
        lines += worse_than_published(trained, version)
    if lines:
        raise RequirementError(f"{line}; not published" for line in lines)


def below_bounds(require: Mapping[str, Any], trained: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each required metric that the model does not reach, or that the run does not have."""
    part, metrics = quoted(trained)
    for name, wanted in require.items():
        if name in BETTER_THAN:
            continue
        path = f"deploy.require.{name}"
        if name not in metrics:
            yield unknown(path, name, [*metrics])
            continue
        bounds = wanted if isinstance(wanted, Mapping) else {"min" if direction(name) == "max" else "max": wanted}
        for kind, bound in bounds.items():
            reached = metrics[name] >= bound if kind == "min" else metrics[name] <= bound  # NaN reaches nothing
            if not reached:
                word = "at least" if kind == "min" else "at most"
                yield f"{path}: got {metrics[name]:.4f} on the {part} rows; takes {word} {bound:g}"


def worse_than_trivial(trained: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each output for which a constant answer is as good."""
    part, _ = quoted(trained)
    for output, comparison in (trained.get("baseline") or {}).items():
        if not comparison["better"]:
            takes = f"better than {comparison['answer']}, or deploy.require.baseline=false"
            yield f"deploy.require.baseline: {output}: got {against(comparison)} on the {part} rows; takes {takes}"


def worse_than_published(trained: Mapping[str, Any], version: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line where the newest version is as good by the first metric, on test rows where both have them.

    Args:
        trained: train/report.json.
        version: the record of the newest version; nothing is compared that it does not tell.
    """
    tested = bool(trained.get("test_metrics") and version.get("test_metrics"))
    field, part = ("test_metrics", "test") if tested else ("metrics", "validation")
    ours, theirs = trained[field], version.get(field) or {}
    name = first_metric(ours)
    if name in theirs:
        sign = 1 if direction(name) == "max" else -1
        if not sign * ours[name] > sign * theirs[name]:
            got = f"{name} {ours[name]:.4f} on the {part} rows"
            takes = f"better than version {version['version']}, which has {theirs[name]:.4f}"
            yield f"deploy.require.published: got {got}; takes {takes}"
