"""PARENT: The pipeline of one run: from a checked config through its stages to a finished run.

What is already done and still valid is skipped.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from factory.config.blocks.expand import at_declarations, with_flat_model
from factory.config.composition.compose import Config
from factory.config.composition.saved import save_config
from factory.core import contract, locks
from factory.core.disk import refusals_as, writable
from factory.core.errors import (
    ConfigError,
    ExportError,
    FactoryError,
    GateError,
    Interrupted,
    Pruned,
    PublishError,
    RequirementError,
    TrainError,
)
from factory.core.files import key_of, write_json
from factory.core.read_documents import read_intact_training, read_summary, read_training
from factory.core.rundir import RunDir
from factory.core.timing import Clock
from factory.execution.launcher import Launcher
from factory.execution.stage import Stage
from factory.execution.stage_requests import Watcher, failure_of, follow
from factory.pipeline import provenance
from factory.pipeline.deployment import Delivery, raise_failures
from factory.pipeline.plan import Plan
from factory.pipeline.requirements import require_scores
from factory.registry.publish import newest, publish

STATUS: dict[type[FactoryError], str] = {GateError: "refused", RequirementError: "refused", Pruned: "pruned"}


class Pipeline:
    """The pipeline of one run, from its config to published versions.

    Args:
        config: the composed and validated config.
        launcher: runs the stages.
        watch: receives every event.
        clock: the run's timings so far; grows.
        models: folder of published versions, None for that of the config.
    """

    def __init__(
        self, config: Config, launcher: Launcher, watch: Watcher, clock: Clock, models: Path | None = None
    ) -> None:
        self.config, self.launcher, self.watch, self.clock = config, launcher, watch, clock
        self.models = models or Path(config.tree["models"])
        self.publishes = models is None  # a sweep publishes the best of its jobs, and requires of that one alone
        self.may_change = models is not None or contract.may_change(config.tree)  # no client asks a sweep's own folder
        self.plan = Plan(config.tree, launcher.gpu)
        self.run = RunDir(Path(config.run_dir))
        self.summary: dict[str, Any] = {}

    def execute(self) -> dict[str, Any]:
        """Train, deploy and publish; what the run folder already holds and is still valid is not done again.

        Returns:
            The summary, as written to run.json.

        Raises:
            ConfigError: the data or model is not what the config declares; no run folder is left.
            TrainError, ExportError, GateError, PublishError: a stage ended the run; run.json has the error, and what
                was finished stays.
            RequirementError: the model does not reach what is required; likewise.
            Interrupted: Ctrl-C; the same command on the same folder continues.
        """
        with writable(self.run.path):
            made = not self.run.path.exists()
            if not self.config.run_dir_given:
                self.run, made = RunDir(claimed(self.run.path)), True
            elif not made:
                self.run.check()  # before a lock is put into somebody else's folder
        with self.run.locked() as self.lock:
            self.run.refuse_links()
            return self.held(fresh=not self.run.check(), made=made)

    def held(self, *, fresh: bool, made: bool) -> dict[str, Any]:
        """Run the stages in the locked run folder, and write to run.json how the run ended.

        Args:
            fresh: whether the folder was empty; a refused config then leaves nothing in it.
            made: whether this command made the folder.
        """
        try:
            return self.work()
        except ConfigError as error:
            if fresh:
                with contextlib.suppress(OSError):  # told already: what cannot be written cannot be removed
                    self.take_back(made)
            elif self.summary:  # it was said to be running
                self.conclude_failure("failed", error)
            raise
        except FactoryError as error:
            self.conclude_failure(STATUS.get(type(error), "failed"), error)
            raise
        except KeyboardInterrupt:
            self.launcher.kill()
            stopped = Interrupted(f"interrupted; go on with: python -m factory resume {self.run.path}")
            self.conclude_failure("interrupted", stopped)
            raise stopped from None

    def take_back(self, made: bool) -> None:
        """Remove the files of a run that never began, and its folder where this command made it."""
        self.run.empty()
        if made:
            with contextlib.suppress(OSError):  # another command may have taken the folder the moment it was free
                self.run.path.rmdir()
                if not self.config.run_dir_given:  # the folder of the day, where there is nothing else in it
                    self.run.path.parent.rmdir()

    def require_folder(self) -> None:
        """Check that the locked run folder still exists, so that nothing is built in place of a removed one.

        Raises:
            FactoryError: the folder was removed.
        """
        if not locks.still_holds(self.run.path, self.lock):
            raise FactoryError(f"{self.run.path}: this run's folder was removed while the run was under way")

    def work(self) -> dict[str, Any]:
        """Run every stage; a disk error counts as the failure of the stage that it occurs in."""
        with writable(self.run.path):
            trained = self.kept_training()
        if not trained:  # every process starts to import now: the hand-off will find its own ready
            with refusals_as(TrainError, "processes"):
                for environment, modules in self.plan.warm().items():
                    self.launcher.warm(environment, modules)
        with writable(self.run.path):
            self.begin()
        with refusals_as(TrainError, f"train: {self.run.path}", self.run.path):
            trained = trained or self.train()
        self.require_folder()
        self.summary["train"] = trained
        if self.publishes:
            require_scores(self.config.tree, trained, self.models, deployed=bool(self.plan.targets))
        with refusals_as(ExportError, f"deploy: {self.run.path}", self.run.path):
            targets = Delivery(self.run, self.plan, trained, self.launcher, self.watch, self.clock).deliver()
        artifacts = {target.name: self.run.artifact(target.name) for target in targets if target.passed}
        self.require_folder()
        alone = provenance.of_artifacts({target.name: target.report for target in targets})
        published = self.publish(artifacts, trained, alone) if artifacts else {}
        self.summary["targets"] = {
            t.name: provenance.target_summary(t.report, self.plan.targets[t.name], published.get(t.name))
            for t in targets
        }
        raise_failures(targets)
        with refusals_as(PublishError if published else TrainError, f"{self.run.path}", self.run.path):
            return self.conclude("published" if published else "trained")

    def begin(self) -> None:
        """Write the config into the run folder and mark the run as running.

        The config is the one of this command, also where an earlier one asked for other targets: a run that is resumed
        goes on with what was asked last.
        """
        self.run.sweep_scratch()
        before = read_summary(self.run)
        save_config(self.config, self.run.config.parent)
        self.summary = {
            "status": "running",
            "name": self.config.tree["name"],
            "run": str(self.run.path),
            "overrides": list(self.config.overrides),
            "config_key": key_of(self.config.tree),
            "train_key": self.plan.train_key,
            "threads": self.plan.training.threads,
            "earlier_timings": provenance.timings_of_commands(before or {}),
            **provenance.surroundings(),
        }
        write_json(self.run.summary, self.summary)
        self.watch.event({"event": "begun", "run": str(self.run.path)})

    def conclude(self, status: str, error: FactoryError | None = None) -> dict[str, Any]:
        """Write to run.json how the run ended and return the summary."""
        self.require_folder()
        self.summary |= {
            "status": status,
            "exit_code": error.exit_code if error else 0,
            "error": str(error) if error else None,
            "timings": self.clock.timings,
        }
        write_json(self.run.summary, self.summary)
        return self.summary

    def conclude_failure(self, status: str, error: FactoryError) -> None:
        """Write to run.json which error ended the run, after removing half-made files, since the disk may be full.

        Where it cannot be written, run.json still says "running", which counts as killed once the folder is not locked.
        """
        with contextlib.suppress(OSError, ConfigError):
            self.run.sweep_scratch()
            if not self.summary:  # this command had not begun: what an earlier one said of the folder stays
                before = read_summary(self.run) or {"name": self.config.tree["name"], "run": str(self.run.path)}
                self.summary = {**before, "earlier_timings": provenance.timings_of_commands(before)}
            self.conclude(status, error)

    def kept_training(self) -> dict[str, Any] | None:
        """Return the report of this folder's finished training; None where it has another key or its files changed.

        Raises:
            ConfigError: the folder holds another config's run.
        """
        earlier = read_summary(self.run)
        if earlier and earlier.get("train_key") != self.plan.train_key:
            raise ConfigError(
                f"hydra.run.dir: {self.run.path} holds a run of another config or of other package versions; "
                "give another folder"
            )
        return read_intact_training(self.run, self.plan.train_key)

    def train(self) -> dict[str, Any]:
        """Run the train stage, which continues from a checkpoint in the folder, and return its report.

        Raises:
            TrainError, ConfigError, PublishError: the error of the stage.
        """
        promised = None if self.may_change or not self.plan.targets else newest(self.models, self.config.tree["name"])
        arguments = {"config": with_flat_model(self.config.tree), "key": self.plan.train_key, "promised": promised}
        log = self.run.train / "log.txt"
        limit = self.plan.limit("train")
        job = self.launcher.submit(Stage(self.plan.training, "training.train", self.run.path, log, arguments, limit))
        with self.clock.broken_off(f"train ({self.plan.training.backend})"):
            for event in follow([job], self.launcher, self.watch, self.clock, TrainError):
                if event["event"] == "exit" and event["code"] != 0:
                    raise at_declarations(failure_of(event, TrainError, "training"), self.config.tree["model"])
        report = read_training(self.run)
        if report is None:
            raise TrainError(f"the train stage ended without a report; see {log}")
        self.clock.extend(f"train ({report['backend']})", report["timings"])
        return report

    def publish(
        self, artifacts: Mapping[str, Path], trained: Mapping[str, Any], alone: Mapping[str, Mapping[str, Any]]
    ) -> dict[str, str]:
        """Publish the artifacts that passed the gate; return target → version folder."""
        name, facts = self.config.tree["name"], provenance.of_version(self.run, trained)
        with self.clock.timed("publish"):
            own, free = self.run.path / "version.json", self.may_change
            published = publish(self.models, name, artifacts, facts, alone, claim=own, may_change=free)
        return {target: str(folder) for target, folder in published.items()}


def claimed(path: Path) -> Path:
    """Make a folder at ``path``, or at the first free ``path-2``, ``path-3`` …, and return it.

    The path is taken where several commands start in the same second.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    candidate, number = path, 1
    while True:
        try:
            candidate.mkdir()
            return candidate
        except FileExistsError:
            number += 1
            candidate = path.with_name(f"{path.name}-{number}")
