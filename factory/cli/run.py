"""PARENT: ``factory.run``: the main job from Python, for notebooks and tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factory.config.load import load_config, require_data
from factory.config.plugins import use_project
from factory.core.terminal import Terminal
from factory.core.timing import Clock
from factory.execution.local import LocalLauncher
from factory.pipeline.pipeline import Pipeline
from factory.report import live
from factory.report.draw import draw_report
from factory.tracking.tracking import Tracking


@dataclass(frozen=True)
class Result:
    """A finished run, as `factory.run` returns it.

    Args:
        path: the run folder.
        metrics: loss and metrics of the trained model on the validation rows.
        targets: gate results by target, as in run.json.
        published: version folder by target.
    """

    path: Path
    metrics: dict[str, float]
    targets: dict[str, dict[str, Any]]
    published: dict[str, Path]

    @classmethod
    def of(cls, summary: dict[str, Any]) -> Result:
        targets = summary["targets"]
        published = {name: Path(target["published"]) for name, target in targets.items() if target["published"]}
        return cls(Path(summary["run"]), summary["train"]["metrics"], targets, published)


def run(
    overrides: Sequence[str] = (),
    *,
    config_dir: str | None = None,
    project: str | None = None,
    progress: bool = False,
) -> Result:
    """Train, deploy and publish: ``python -m factory <overrides>`` from Python.

    Args:
        overrides: as on the command line, ``["model=mlp", "train.backend=jax"]``.
        config_dir: a folder of config groups that goes before the package's own.
        project: the folder of the project, of which a process has one; by default the working folder, if it is one.
        progress: show what a terminal would.

    Raises:
        FactoryError: one of its children (see `factory.core.errors`); what was finished stays in the run folder.
    """
    use_project(project)
    clock = Clock()
    with clock.timed("compose"):
        composed = load_config(list(overrides), config_dir=config_dir)
    require_data(composed.tree["data"])
    with Tracking() as tracking, LocalLauncher() as launcher:
        watch = live.watcher(Terminal()) if progress else live.Silent()
        tracked = tracking.watch(composed.tracker, watch)
        pipeline = Pipeline(composed, launcher, tracked, clock)
        try:
            with watch:
                return Result.of(pipeline.execute())
        finally:
            if "laps" in pipeline.summary:
                draw_report(pipeline.run.path)
            tracked.end()
