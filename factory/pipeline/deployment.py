"""PARENT: Deployment: takes each target of a trained model through its export backends until the gate passes one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from factory.core.errors import ExportError, GateError
from factory.core.files import has_digest, write_json
from factory.core.read_documents import read_target
from factory.core.rundir import RunDir
from factory.core.timing import Clock
from factory.execution.environment import Environment
from factory.execution.launcher import Launcher
from factory.execution.stage import Stage
from factory.execution.stage_requests import Watcher, failure_of, follow
from factory.pipeline.plan import Plan


@dataclass
class Target:
    """One deployment target and the state of its export.

    Args:
        name: name of the target.
        key: cache key of its export: trained model, settings of the target, versions.
        backends: export backends that are still to be tried, the next one first.
        attempts: ``backend``, ``status`` and ``error`` of each export backend that failed while others were left.
        report: report of the export backend that was tried last, empty before the first.
    """

    name: str
    key: str
    backends: list[str]
    attempts: list[dict[str, Any]] = field(default_factory=list)
    report: dict[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether the last report passed the gate."""
        return self.report.get("status") == "passed"

    def settle(self, report: dict[str, Any]) -> None:
        """Take the report of the first export backend; where it failed, the next one is to be tried."""
        self.report = report
        backend = self.backends.pop(0)
        if self.passed:
            self.backends.clear()
        elif self.backends:
            self.attempts.append({"backend": backend, "status": report["status"], "error": report["error"]})


class Delivery:
    """The deployment of all targets of one run.

    Args:
        run: the run's folder, with a finished training.
        plan: the run's plan.
        trained: contents of train/report.json.
        launcher: runs the stages.
        watch: receives every event.
        clock: the run's timings; grows.
    """

    def __init__(
        self,
        run: RunDir,
        plan: Plan,
        trained: Mapping[str, Any],
        launcher: Launcher,
        watch: Watcher,
        clock: Clock,
    ) -> None:
        self.run, self.plan, self.launcher, self.watch, self.clock = run, plan, launcher, watch, clock
        self.targets = [self.target(name, trained["sha256"]) for name in plan.targets]

    def target(self, name: str, hashes: Mapping[str, str]) -> Target:
        """Return a target to be exported, or one that passed in an earlier command and whose artifact is unchanged."""
        key = self.plan.target_key(name, hashes[self.run.model.name], hashes.get(self.run.preprocessing.name))
        report = read_target(self.run.deploy(name)) or {}
        kept = report.get("status") == "passed" and report.get("key") == key and "sha256" in report
        if kept and has_digest(self.run.artifact(name), report["sha256"]):
            return Target(name, key, [], report=report)
        return Target(name, key, self.plan.export_backends(name))

    def deliver(self) -> list[Target]:
        """Try one export backend after the other until every target has a final report; return the targets."""
        while waiting := [target for target in self.targets if target.backends]:
            self.round(waiting)
        return self.targets

    def round(self, waiting: Sequence[Target]) -> None:
        """Try the next export backend of each target: one job for each environment, all at once."""
        groups: dict[Environment, list[Target]] = {}
        for target in waiting:
            for folder in (self.run.deploy(target.name), self.run.quarantine(target.name)):
                self.run.remove(folder)
            groups.setdefault(self.plan.export_environment(target.name, target.backends[0]), []).append(target)
        jobs = {self.submit(environment, group): group for environment, group in groups.items()}
        exporting: dict[int, str] = {}
        for event in follow(jobs, self.launcher, self.watch, self.clock, ExportError):
            match event["event"]:
                case "exporting":
                    exporting[event["id"]] = event["target"]
                case "loaded":
                    self.clock.extend(f"deploy ({event['backend']})", event["timings"])
                case "exit":
                    self.collect(jobs[event["id"]], event, exporting.get(event["id"]))

    def submit(self, environment: Environment, group: Sequence[Target]) -> int:
        """Request the export of some targets from the workers of one environment; return the job's number."""
        asked = {target.name: {"key": target.key, "attempts": target.attempts} for target in group}
        arguments = {"config": self.plan.tree, "targets": asked}
        log = self.run.path / "deploy" / f"{environment.backend}.log"
        limit = self.plan.limit("deploy")
        return self.launcher.submit(Stage(environment, "export.deploy", self.run.path, log, arguments, limit))

    def collect(self, group: Sequence[Target], end: Mapping[str, Any], exporting: str | None) -> None:
        """Read the reports of a job that ended.

        A crash in a converter fails the target that was being exported; the targets after it wait for the next round.
        """
        for target in group:
            folders = (self.run.deploy(target.name), self.run.quarantine(target.name))
            report = next(filter(None, map(read_target, folders)), None)
            if report:
                self.clock.extend(f"{target.name} ({report['backend']})", report["timings"])
            elif end["code"] == 0 or exporting in (None, target.name):
                backend = target.backends[0]
                error = failure_of(end, ExportError, f"exporting {target.name} under {backend}")
                why = "; ".join(error.problems)
                report = {"status": "failed", "backend": backend, "error": why, "attempts": target.attempts}
                write_json(self.run.deploy(target.name) / "report.json", report)
            if report:
                target.settle(report)


def raise_failures(targets: Sequence[Target]) -> None:
    """Raise one error for all targets that did not pass, with a line for each.

    Raises:
        GateError: the gate refused at least one target.
        ExportError: the gate refused none, but at least one could not be exported.
    """
    refused, failed = (
        [f"{target.name}: {target.report['error']}" for target in targets if target.report["status"] == status]
        for status in ("refused", "failed")
    )
    if refused:
        raise GateError(refused + failed)
    if failed:
        raise ExportError(failed)
