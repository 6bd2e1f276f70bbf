"""PARENT: the pruning of a search: the study is told each trial's metrics and ends trials that are hopeless."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from factory.core.errors import Pruned
from factory.sweep.outcome import Outcome
from factory.sweep.plan import Job
from factory.sweep.runner import Display
from factory.sweep.search.objectives import Objectives
from factory.sweep.search.trials import Trials


class Pruning:
    """A display that tells the study what it shows; what it raises ends the job.

    Args:
        trials: of the search.
        objectives: whose values the study is told.
        enabled: whether trials may be pruned while they train.
        display: the display that it forwards to.
    """

    def __init__(self, trials: Trials, objectives: Objectives, enabled: bool, display: Display) -> None:
        self.trials, self.objectives, self.enabled, self.display = trials, objectives, enabled, display

    def started(self, job: Job) -> None:
        self.display.started(job)

    def event(self, job: Job, event: Mapping[str, Any]) -> None:
        """Show an event; after an epoch, report the metric to the study.

        Raises:
            Pruned: the study ends the trial; never after the last epoch.
        """
        self.display.event(job, event)
        if not self.enabled or event["event"] != "epoch" or event["epoch"] >= event["epochs"]:
            return
        live = self.objectives.live(event["metrics"])
        if live is None or job.number in self.trials.settled:
            return
        name, value = live
        answer = self.trials.call("report", number=job.number, step=event["epoch"], value=value)
        if answer.get("prune"):
            raise Pruned(f"after epoch {event['epoch']} of {event['epochs']}: {name} {event['metrics'][name]:.4g}")

    def ended(self, outcome: Outcome) -> None:
        """Tell the study an outcome, then show it.

        Raises:
            ConfigError: a trial that ended well has no such metric.
        """
        number, settled = outcome.job.number, self.trials.settled
        if number not in settled and outcome.status != "interrupted":
            values = self.objectives.values(outcome.facts) if outcome.good else None
            state = "complete" if values else "pruned" if outcome.status == "pruned" else "failed"
            self.trials.call("tell", number=number, state=state, values=values, facts=outcome.facts)
            settled.add(number)
        self.display.ended(outcome)
