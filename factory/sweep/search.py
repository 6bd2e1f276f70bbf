"""A search: what `hydra.sweeper` says of it, and the way from there to trials that run."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from factory import config as configs
from factory import documents, faults
from factory.config.packages import absent
from factory.config.passwords import without_passwords
from factory.documents import read_document
from factory.errors import ConfigError, MissingPackage
from factory.sweep import space as spaces
from factory.sweep.ask import Asker
from factory.sweep.command import JOURNAL, RECORD
from factory.sweep.grid import Grid
from factory.sweep.judge import Judge
from factory.sweep.objectives import Objectives
from factory.sweep.outcome import Aim
from factory.sweep.plan import Drafting
from factory.sweep.runner import Runner
from factory.sweep.settings import Settings
from factory.sweep.show import display
from factory.sweep.space import Space
from factory.sweep.trials import Trials

if TYPE_CHECKING:
    from factory.sweep.session import Sweep

NO_PRUNER = "NopPruner"


@dataclass(frozen=True)
class Wanted:
    """``hydra.sweeper`` of a search; see `hydra_plugins/factory_sweep.py` for the words of each.

    Raises:
        ConfigError: a value that none of them takes.
    """

    trials: int
    sampler: Any
    pruner: Any
    objectives: Any
    seed: int | None
    storage: str | None
    study: str | None
    params: Mapping[str, Any]

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Wanted:
        if given["trials"] <= 0:
            raise ConfigError(faults.wrong("search.trials", given["trials"], "a number above 0"))
        return cls(**{field.name: given[field.name] for field in fields(cls)})


class Search:
    """Use once.

    Args:
        sweep: the command it belongs to.
        grid: composes jobs.
        settings: how they share this machine.
        wanted: what is searched and how.
    """

    def __init__(self, sweep: Sweep, grid: Grid, settings: Settings, wanted: Wanted) -> None:
        self.sweep, self.grid, self.settings, self.wanted = sweep, grid, settings, wanted
        self.objectives = Objectives.of(wanted.objectives, Aim.of(settings))

    def run(self, words: Sequence[str]) -> None:
        """Ask, run and tell until there are as many trials as are wanted.

        Raises:
            ConfigError: before anything has started.
            Interrupted: Ctrl-C.
        """
        began = time.monotonic()
        if absent(["optuna"]):
            raise MissingPackage("search: needs optuna, which is not installed; pip install 'factory[search]'")
        params = configs.relax(spaces.as_words(self.wanted.params), self.sweep.config_dir)
        space = spaces.read([*params, *words], self.grid.parser)
        drafting, at_a_time = self.sweep.drafting(self.grid, self.settings, self.wanted.trials)
        self.check(drafting, space)
        asker = Asker()
        try:
            trials = Trials(asker, self.opened(asker, space), drafting, space)
            aims = self.objectives.aims
            screen = display(self.sweep.console, [], aims[0], space.keys, self.wanted.trials)
            judge = Judge(trials, self.objectives, self.prunes, screen)
            pool = self.sweep.pool(drafting, self.settings, at_a_time, self.wanted.trials)
            runner = Runner(drafting, [], trials.overrides, pool, self.settings, judge, self.sweep.tracking, trials)
            for outcome in trials.lost:
                runner.outcomes[outcome.job.number] = outcome
                screen.ended(outcome)
            record = {"jobs": self.wanted.trials, "search": space.keys}
            self.sweep.carry_out(runner, screen, aims, record, began)
        finally:
            asker.close()

    @property
    def prunes(self) -> bool:
        return self.wanted.pruner not in (None, NO_PRUNER)

    def check(self, drafting: Drafting, space: Space) -> None:
        """Refuse a search none of whose trials could run, judged by two: one at each end of the space.

        Raises:
            ConfigError: what is wrong with the first of them, or with the objectives.
        """
        record = read_document(self.grid.folder / RECORD, documents.Sweep)
        if record and "search" not in record:
            raise ConfigError(f"hydra.sweep.dir: {self.grid.folder} holds another sweep; give another folder")
        if self.prunes and not self.objectives.watched:
            takes = "null unless there is one objective, a metric that each epoch tells"
            raise ConfigError(faults.wrong("search.pruner", self.wanted.pruner, takes))
        refused: list[ConfigError] = []
        trees = []
        deployed: dict[str, None] = {}
        for words in space.ends():
            try:
                plan = drafting.sound(drafting.config(0, words))
                trees.append(plan.tree)
                deployed.update(dict.fromkeys(plan.targets))
            except ConfigError as error:
                refused.append(error)
        if len(refused) == 2:
            raise refused[0]
        self.objectives.check_targets(list(deployed))
        self.objectives.check_metrics(trees)

    def opened(self, asker: Asker, space: Space) -> list[dict[str, Any]]:
        """Open the study.

        Returns:
            Its trials so far that are this search's.
        """
        wanted, folder = self.wanted, self.grid.folder.resolve()
        aims = [aim.metric for aim in self.objectives.aims]
        answer = asker.call(
            "open",
            storage=wanted.storage or str(folder / JOURNAL),
            name=wanted.study or (str(folder) if wanted.storage else "search"),
            shared=wanted.study is not None,
            folder=str(folder),
            asks={"words": without_passwords(space.plain()), "objectives": [aims, self.objectives.directions]},
            directions=self.objectives.directions,
            space=[part for part in space.plain() if not isinstance(part, str)],
            sampler=wanted.sampler,
            pruner=wanted.pruner or NO_PRUNER,
            seed=wanted.seed,
            trials=wanted.trials,
        )
        return list(answer["earlier"])
