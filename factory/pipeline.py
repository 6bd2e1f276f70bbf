"""PARENT: a checked config → stages → a finished run. Skips what is already done and still true."""

from __future__ import annotations

import itertools
import shutil
import signal
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from factory import record
from factory.clock import Clock
from factory.config import Config, save
from factory.errors import ConfigError, ExportError, FactoryError, GateError, Interrupted, TrainError, by_name
from factory.launchers.local import LocalLauncher
from factory.plan import Plan
from factory.publish import publish
from factory.rundir import RunDir, read_json, sha256, write_json


class Watcher(Protocol):
    """Shows a run while it runs; is told every event of every stage."""

    def event(self, event: Mapping[str, Any]) -> None: ...


@dataclass
class Target:
    """One target on its way through its routes."""

    name: str
    key: str
    routes: list[str]
    attempts: list[dict[str, Any]] = field(default_factory=list)
    report: dict[str, Any] | None = None

    @property
    def passed(self) -> bool:
        return self.report is not None and self.report["status"] == "passed"

    def settle(self, report: dict[str, Any]) -> None:
        """Take the report of the first route; a failure leaves the next route to try."""
        self.report = report
        route = self.routes.pop(0)
        if self.passed:
            self.routes.clear()
        elif self.routes:
            self.attempts.append({"route": route, "status": report["status"], "error": report["error"]})


class Pipeline:
    """One run, from its config to published versions.

    Args:
        config: composed and validated.
        launcher: gives stages their processes.
        watch: is told every event.
        clock: the run's laps so far; grows.
    """

    def __init__(self, config: Config, launcher: LocalLauncher, watch: Watcher, clock: Clock) -> None:
        self.config, self.launcher, self.watch, self.clock = config, launcher, watch, clock
        self.plan = Plan(config.tree)
        self.run = RunDir(Path(config.run_dir))
        self.summary: dict[str, Any] = {}

    def execute(self) -> dict[str, Any]:
        """Train, deploy, publish; what is already done in the run folder and still true is not done again.

        Returns:
            The summary, as written to run.json.

        Raises:
            ConfigError: the data or model is not what was declared; no run folder is left.
            TrainError, ExportError, GateError, PublishError: what ended the run; run.json says so, and what was
                finished stays.
            Interrupted: Ctrl-C; the same command on the same folder continues.
        """
        fresh = not self.run.path.exists()
        if not fresh and not self.config.run_dir_given:
            self.run, fresh = RunDir(unused(self.run.path)), True  # two commands in one second
        try:
            with self.run.locked():
                return self.work()
        except ConfigError:
            if fresh:
                shutil.rmtree(self.run.path, ignore_errors=True)
            raise
        except FactoryError as error:
            self.conclude("failed" if not isinstance(error, GateError) else "refused", error)
            raise
        except KeyboardInterrupt:
            self.launcher.kill()
            self.run.sweep_scratch()
            error = Interrupted(f"interrupted; go on with: python -m factory resume {self.run.path}")
            self.conclude("interrupted", error)
            raise error from None

    def work(self) -> dict[str, Any]:
        trained = self.kept_training()
        if not trained:
            for environment, modules in self.plan.warm().items():
                self.launcher.warm(environment, modules)
        self.begin()
        trained = trained or self.train()
        self.summary["train"] = trained
        targets = self.deploy(trained)
        artifacts = {target.name: self.run.deploy(target.name) / "artifact" for target in targets if target.passed}
        published = self.publish(artifacts, trained) if artifacts else {}
        self.summary["targets"] = {
            target.name: record.target_summary(target.report or {}, self.plan.targets[target.name], published.get(target.name))
            for target in targets
        }
        raise_first_failure(targets)
        return self.conclude("published" if published else "trained")

    def begin(self) -> None:
        """Freeze the config into the run folder and say that the run is under way."""
        self.run.sweep_scratch()
        if not self.run.summary.exists():
            save(self.config, self.run.config.parent)
        self.summary = {
            "status": "running",
            "name": self.config.tree["name"],
            "run": str(self.run.path),
            "overrides": list(self.config.overrides),
            "train_key": self.plan.train_key,
            "threads": self.plan.training.threads,
            **record.surroundings(),
        }
        write_json(self.run.summary, self.summary)

    def conclude(self, status: str, error: FactoryError | None = None) -> dict[str, Any]:
        self.summary |= {
            "status": status,
            "exit_code": error.exit_code if error else 0,
            "error": str(error) if error else None,
            "laps": self.clock.laps,
        }
        write_json(self.run.summary, self.summary)
        return self.summary

    # ---- train

    def kept_training(self) -> dict[str, Any] | None:
        """The report of a finished training in this folder, if it is this config's and its files are untouched.

        Raises:
            ConfigError: the folder holds another config's run.
        """
        earlier = read_json(self.run.summary)
        if earlier and earlier["train_key"] != self.plan.train_key:
            raise ConfigError(
                f"hydra.run.dir: {self.run.path} holds a run of another config or of other package versions; "
                "give another folder"
            )
        report = read_json(self.run.train / "report.json")
        done = report and report["status"] == "done" and report["key"] == self.plan.train_key
        return report if done and all(holds(self.run.train / file, digest) for file, digest in report["sha256"].items()) else None

    def train(self) -> dict[str, Any]:
        arguments = {"config": self.config.tree, "key": self.plan.train_key}
        log = self.run.train / "log.txt"
        job = self.launcher.submit(self.plan.training, "train", self.run.path, log, arguments)
        for event in self.follow([job], TrainError):
            if event["event"] == "exit" and event["code"] != 0:
                raise failure_of(event, TrainError, "training")
        report = read_json(self.run.train / "report.json")
        if report is None:
            raise TrainError(f"the train stage ended without a report; see {log}")
        self.clock.extend(f"train ({report['backend']})", report["laps"])
        return report

    def follow(self, jobs: list[int], failure: type[FactoryError]) -> Iterator[dict[str, Any]]:
        """Events of these jobs until all have ended; an ``exit`` event carries the ``failed`` one before it, if any."""
        waiting, failed = set(jobs), dict[int, Mapping[str, Any]]()
        while waiting:
            event = self.launcher.next_event()
            self.watch.event(event)
            if event["event"] == "gone" and (not event["jobs"] or waiting & set(event["jobs"])):
                raise failure(event["message"])
            if event["event"] == "ready":
                self.clock.add(f"import ({event['backend']})", event["start"], event["seconds"])
            if event["event"] == "failed":
                failed[event["id"]] = event
            if event["event"] == "exit":
                waiting.discard(event["id"])
                event = {**failed.get(event["id"], {}), **event}
            yield event

    # ---- deploy

    def deploy(self, trained: Mapping[str, Any]) -> list[Target]:
        """Take every target through its routes until one passes or none is left."""
        targets = []
        for name in self.plan.targets:
            key = self.plan.target_key(name, trained["sha256"][self.run.model.name])
            targets.append(Target(name, key, self.plan.routes(name), report=self.kept_target(name, key)))
        for target in targets:
            if target.passed:
                target.routes.clear()
        while waiting := [target for target in targets if target.routes]:
            self.deploy_round(waiting)
        return targets

    def kept_target(self, name: str, key: str) -> dict[str, Any] | None:
        folder = self.run.deploy(name)
        report = read_json(folder / "report.json")
        done = report and report["status"] == "passed" and report["key"] == key
        return report if done and holds(folder / "artifact", report["sha256"]) else None

    def deploy_round(self, waiting: list[Target]) -> None:
        """Try the next route of each target: one job for each environment, all at once."""
        groups: dict[Any, list[Target]] = {}
        for target in waiting:
            for folder in (self.run.deploy(target.name), self.run.quarantine(target.name)):
                shutil.rmtree(folder, ignore_errors=True)
            groups.setdefault(self.plan.route_environment(target.name, target.routes[0]), []).append(target)
        jobs: dict[int, list[Target]] = {}
        for environment, group in groups.items():
            arguments = {"config": self.config.tree, "targets": {t.name: {"key": t.key, "attempts": t.attempts} for t in group}}
            log = self.run.path / "deploy" / f"{environment.backend}.log"
            jobs[self.launcher.submit(environment, "deploy", self.run.path, log, arguments)] = group
        exporting: dict[int, str] = {}
        for event in self.follow(list(jobs), ExportError):
            if event["event"] == "exporting":
                exporting[event["id"]] = event["target"]
            if event["event"] == "loaded":
                self.clock.extend(f"deploy ({event['backend']})", event["laps"])
            if event["event"] == "exit":
                self.collect(jobs[event["id"]], event, exporting.get(event["id"]))

    def collect(self, group: list[Target], end: Mapping[str, Any], exporting: str | None) -> None:
        """Read the reports of a job that ended. One that a converter crashed costs the target it was at; the rest wait."""
        for target in group:
            found = [read_json(f(target.name) / "report.json") for f in (self.run.deploy, self.run.quarantine)]
            report = found[0] or found[1]
            if report:
                self.clock.extend(f"{target.name} ({report['route']})", report["laps"])
            elif end["code"] == 0 or exporting in (None, target.name):
                error = failure_of(end, ExportError, f"exporting {target.name} under {target.routes[0]}")
                report = {"status": "failed", "route": target.routes[0], "error": str(error), "attempts": target.attempts}
                write_json(self.run.deploy(target.name) / "report.json", report)
            if report:
                target.settle(report)

    # ---- publish

    def publish(self, artifacts: Mapping[str, Path], trained: Mapping[str, Any]) -> dict[str, str]:
        with self.clock.lap("publish"):
            facts = {
                "run": str(self.run.path.resolve()),
                "model_sha256": trained["sha256"][self.run.model.name],
                "signature": trained["signature"],
                "metrics": trained["metrics"],
            }
            claim = self.run.path / "version.json"
            models = Path(self.config.tree["models"])
            return {t: str(f) for t, f in publish(models, self.config.tree["name"], artifacts, facts, claim=claim).items()}


def unused(path: Path) -> Path:
    """This path, or the first of ``path-2``, ``path-3`` … that nobody has made."""
    numbered = (path.with_name(f"{path.name}-{n}") for n in itertools.count(2))
    return next(candidate for candidate in itertools.chain([path], numbered) if not candidate.exists())


def holds(path: Path, digest: str) -> bool:
    """Whether a file or folder is there and has the recorded hash."""
    return path.exists() and sha256(path) == digest


def failure_of(end: Mapping[str, Any], kind: type[FactoryError], doing: str) -> FactoryError:
    """The error behind a job's end: its own words, or what ended its process."""
    if "error" in end:
        return by_name(end["error"])(end["message"])
    code = int(end["code"])
    cause = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
    return kind(f"{doing}: the process {cause}")


def raise_first_failure(targets: list[Target]) -> None:
    """Raise for targets that did not pass: a refusal by the gate before a failed export.

    Raises:
        GateError, ExportError: one line for each such target.
    """
    lines = {
        status: [f"{t.name}: {t.report['error']}" for t in targets if t.report and t.report["status"] == status]
        for status in ("refused", "failed")
    }
    if lines["refused"]:
        raise GateError("\n".join(lines["refused"] + lines["failed"]))
    if lines["failed"]:
        raise ExportError("\n".join(lines["failed"]))
