"""PARENT: One run from its config to its page: what the command line and ``factory.run`` have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factory.cli.launcher import fit_launcher, open_launcher
from factory.config.composition.compose import Config
from factory.config.load import load_config
from factory.config.plugins import use_project
from factory.core.terminal import Terminal
from factory.core.timing import Clock
from factory.pipeline.first_look import look_at_data
from factory.pipeline.pipeline import Pipeline
from factory.report import live, table
from factory.report.draw import draw_report
from factory.tracking.tracking import Tracking


@dataclass(frozen=True)
class Result:
    """A finished run, as `factory.run` returns it.

    Args:
        path: the run folder.
        metrics: loss and metrics of the trained model on the validation rows.
        test_metrics: those on the test rows; empty where there are none.
        targets: gate results by target, as in run.json.
        published: version folder by target.
    """

    path: Path
    metrics: dict[str, float]
    test_metrics: dict[str, float]
    targets: dict[str, dict[str, Any]]
    published: dict[str, Path]

    @classmethod
    def of(cls, summary: dict[str, Any]) -> Result:
        targets = summary["targets"]
        published = {name: Path(target["published"]) for name, target in targets.items() if target["published"]}
        trained = summary["train"]
        return cls(Path(summary["run"]), trained["metrics"], trained.get("test_metrics", {}), targets, published)


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
    return Result.of(run_config(composed, clock, Terminal() if progress else None))


def run_config(config: Config, clock: Clock, console: Terminal | None) -> dict[str, Any]:
    """Run a checked config, record and draw it; a run that failed is recorded and drawn as far as it came.

    Args:
        config: composed and validated.
        clock: the timings so far; grows.
        console: where the run is shown; None shows nothing.

    Returns:
        The summary, as in run.json.

    Raises:
        FactoryError: one of its children; what was finished stays in the run folder.
    """
    look_at_data(config.tree["data"])
    config = fit_launcher(config)
    with Tracking(console) as tracking, open_launcher(config) as launcher:
        watch = live.watcher(console) if console else live.Silent()
        tracked = tracking.watch(config.tracker, watch)
        pipeline = Pipeline(config, launcher, tracked, clock)
        try:
            with watch:
                return pipeline.execute()
        finally:
            if console and pipeline.summary.get("train"):
                table.show(pipeline.summary, console, watch.told)
            if "timings" in pipeline.summary:
                show_page(pipeline.run.path, console)
            tracked.end()


def show_page(folder: Path, console: Terminal | None) -> None:
    """Draw the page of a run, and say where it is."""
    drawn = draw_report(folder)
    if drawn and console:
        console.say(f"report: {drawn}")
