"""PARENT: the objectives of a search, one or several: metrics of a run, or latency and size of its targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from factory.config.metric_names import is_among, metric_names
from factory.core import messages
from factory.core.errors import ConfigError
from factory.sweep.outcome import FACTS
from factory.sweep.ranking import Aim

WHERE = "search.objectives"
MODES = ("auto", "max", "min")


@dataclass(frozen=True)
class Objectives:
    """The objectives of a search; the first one decides which trial is best."""

    aims: tuple[Aim, ...]

    @classmethod
    def of(cls, declared: Any, default: Aim) -> Objectives:
        """Read declared objectives: a name, a list of names, or name → max, min or auto.

        Args:
            declared: as in ``search.objectives``.
            default: the objective where ``declared`` is None.

        Raises:
            ConfigError: it is none of these.
        """
        if declared is None:
            return cls((default,))
        named = {declared: "auto"} if isinstance(declared, str) else declared
        modes = dict.fromkeys(named, "auto") if isinstance(named, list) else named
        if not isinstance(modes, Mapping) or not modes or not all(isinstance(name, str) for name in modes):
            raise ConfigError(messages.wrong(WHERE, declared, "a name, a list of names, or name → max, min"))
        wrong = [
            messages.wrong(f"{WHERE}.{name}", mode, messages.listed(MODES), MODES)
            for name, mode in modes.items()
            if mode not in MODES
        ]
        facts = {name: name.rpartition(".")[2] for name in modes if "." in name}
        wrong += [
            messages.wrong(
                WHERE, name, f"<target>.{' or <target>.'.join(FACTS)}", [name[: -len(fact)] + f for f in FACTS]
            )
            for name, fact in facts.items()
            if fact not in FACTS
        ]
        if wrong:
            raise ConfigError(wrong)
        return cls(tuple(Aim(name, mode) for name, mode in modes.items()))

    def check_targets(self, deployed: Sequence[str]) -> None:
        """Refuse objectives of targets that no trial has.

        Raises:
            ConfigError: there are some; a message for each.
        """
        names = [f"{target}.{fact}" for target in deployed for fact in FACTS]
        takes = messages.listed(names) or "metrics of the run, since nothing is deployed"
        wrong = [aim.metric for aim in self.aims if "." in aim.metric and aim.metric not in names]
        if wrong:
            raise ConfigError([messages.wrong(WHERE, name, takes, names) for name in wrong])

    def check_metrics(self, trees: Sequence[Mapping[str, Any]]) -> None:
        """Refuse objectives that are not metrics of any trial.

        Args:
            trees: configs of trials.

        Raises:
            ConfigError: there are some; a message for each.
        """
        known = sorted(
            {"auto", *(name for tree in trees for name in metric_names(tree["train"].get("metrics", "auto")))}
        )
        wrong = [aim.metric for aim in self.aims if "." not in aim.metric and not is_among(aim.metric, known)]
        if trees and wrong:
            raise ConfigError([messages.wrong(WHERE, name, messages.listed(known), known) for name in wrong])

    @property
    def directions(self) -> list[str]:
        """Return Optuna's direction of each objective; ``auto`` is minimized, since its `Aim.loss` is told."""
        up = (aim.metric != "auto" and aim.higher(aim.metric) for aim in self.aims)
        return ["maximize" if higher else "minimize" for higher in up]

    @property
    def watched(self) -> bool:
        """Return whether the objective can be followed while a trial trains: a single metric of the run."""
        return len(self.aims) == 1 and "." not in self.aims[0].metric

    def values(self, facts: Mapping[str, float]) -> list[float] | None:
        """Return the values of a trial that ended well, in the order of the objectives; None where one is not finite.

        Args:
            facts: of the trial; see `Outcome.facts`.

        Raises:
            ConfigError: the trial has no such metric.
        """
        wrong = [
            messages.wrong(WHERE, aim.metric, f"what a trial has: {messages.listed(list(facts))}", facts)
            for aim in self.aims
            if aim.metric != "auto" and aim.metric not in facts
        ]
        if wrong:
            raise ConfigError(wrong)
        found = [told_value(aim, facts) for aim in self.aims]
        return found if all(isfinite(value) for value in found) else None

    def live(self, metrics: Mapping[str, float]) -> tuple[str, float] | None:
        """Return name and value of the objective after an epoch, on the validation rows where these were evaluated.

        Args:
            metrics: of the epoch.

        Returns:
            The metric's name in ``metrics`` and the value to tell the study; None where there is no such metric.
        """
        (aim,) = self.aims
        plain = {name.removeprefix("val_"): value for name, value in metrics.items() if name.startswith("val_")}
        name = aim.name(plain or metrics)
        if name not in (plain or metrics):
            return None
        return (f"val_{name}" if plain else name), told_value(aim, plain or metrics)


def told_value(aim: Aim, facts: Mapping[str, float]) -> float:
    """Return the value of an objective that the study is told."""
    return aim.loss(facts)[0] if aim.metric == "auto" else facts[aim.metric]
