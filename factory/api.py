"""PARENT: ``factory.run``: the main job from Python, for notebooks and tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factory import config, report
from factory.clock import Clock
from factory.files import require_data
from factory.launchers.local import LocalLauncher
from factory.pipeline import Pipeline
from factory.report import live
from factory.terminal import Terminal
from factory.tracking import Tracking


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


def run(overrides: Sequence[str] = (), *, config_dir: str | None = None, progress: bool = False) -> Result:
    """Train, deploy and publish: ``python -m factory <overrides>`` from Python.

    Args:
        overrides: as on the command line, ``["model=mlp", "train.backend=jax"]``.
        config_dir: a folder of config groups that goes before the package's own.
        progress: show what a terminal would.

    Raises:
        FactoryError: one of its children (see `factory.errors`); what was finished stays in the run folder.
    """
    clock = Clock()
    with clock.lap("compose"):
        composed = config.load(list(overrides), config_dir=config_dir)
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
                report.draw(pipeline.run.path)
            tracked.end()
