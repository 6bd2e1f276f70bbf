"""PARENT: a search: its options in `hydra.sweeper`, its checks, and the opening of its study."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any

from factory.config.composition.compose import relax_overrides
from factory.config.composition.folders import config_search_path
from factory.config.composition.grid import Grid
from factory.config.packages import absent
from factory.core import messages, sweep_documents
from factory.core.errors import ConfigError, MissingPackage
from factory.core.passwords import without_passwords
from factory.core.read_documents import read_document
from factory.sweep.command import JOURNAL, RECORD
from factory.sweep.plan import Drafting
from factory.sweep.ranking import Aim
from factory.sweep.search.client import StudyClient
from factory.sweep.search.objectives import Objectives
from factory.sweep.search.space import Space, as_words, read_space
from factory.sweep.search.trials import Trials
from factory.sweep.settings import Settings

NO_PRUNER = "NopPruner"


@dataclass(frozen=True)
class Wanted:
    """The options of a search in ``hydra.sweeper``; `hydra_plugins/factory_sweep.py` documents each."""

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
        """Validate the options of ``hydra.sweeper``.

        Raises:
            ConfigError: the number of trials is not above 0.
        """
        if given["trials"] <= 0:
            raise ConfigError(messages.wrong("search.trials", given["trials"], "a number above 0"))
        return cls(**{field.name: given[field.name] for field in fields(cls)})

    @property
    def prunes(self) -> bool:
        """Return whether a pruner may end trials early."""
        return self.pruner not in (None, NO_PRUNER)


@dataclass(frozen=True)
class Search:
    """A search before any trial has run.

    Args:
        grid: composes the trials.
        wanted: the options of the search.
        objectives: its objectives.
        space: its search space.
    """

    grid: Grid
    wanted: Wanted
    objectives: Objectives
    space: Space

    @classmethod
    def of(cls, grid: Grid, settings: Settings, wanted: Wanted, words: Sequence[str], config_dir: str | None) -> Search:
        """Read a search as declared in YAML and on the command line.

        Args:
            grid: composes the trials.
            settings: of the sweep; its metric is the objective where none is declared.
            wanted: the options in ``hydra.sweeper``.
            words: overrides of the command line, which take precedence over ``params``.
            config_dir: the user's folder of groups.

        Raises:
            ConfigError: the objectives or the space cannot be read.
            MissingPackage: Optuna is not installed.
        """
        objectives = Objectives.of(wanted.objectives, Aim.of(settings))
        if absent(["optuna"]):
            raise MissingPackage("search: needs optuna, which is not installed; pip install 'factory[search]'")
        params = relax_overrides(as_words(wanted.params), config_search_path(config_dir))
        return cls(grid, wanted, objectives, read_space([*params, *words], grid.parser))

    @contextmanager
    def trials(self, drafting: Drafting) -> Iterator[Trials]:
        """Open the study and yield its trials; the study's process ends with the block.

        Args:
            drafting: composes and validates trials.

        Raises:
            ConfigError: no trial could run, or the study holds another search.
        """
        self.check(drafting)
        client = StudyClient()
        try:
            yield Trials(client, self.opened(client), drafting, self.space)
        finally:
            client.close()

    def check(self, drafting: Drafting) -> None:
        """Refuse a search in which no trial can run, judged by two trials, one at each end of the space.

        Raises:
            ConfigError: the problems of the first of them, or of the objectives.
        """
        record = read_document(self.grid.folder / RECORD, sweep_documents.Sweep)
        if record and "search" not in record:
            raise ConfigError(f"hydra.sweep.dir: {self.grid.folder} holds another sweep; give another folder")
        if self.wanted.prunes and not self.objectives.watched:
            takes = "null unless there is one objective, a metric that each epoch tells"
            raise ConfigError(messages.wrong("search.pruner", self.wanted.pruner, takes))
        refused: list[ConfigError] = []
        deployed: dict[str, None] = {}
        trees = []
        for words in self.space.ends():
            try:
                plan = drafting.validated_plan(drafting.config(0, words))
                trees.append(plan.tree)
                deployed.update(dict.fromkeys(plan.targets))
            except ConfigError as error:
                refused.append(error)
        if len(refused) == 2:
            raise refused[0]
        self.objectives.check_targets(list(deployed))
        self.objectives.check_metrics(trees)

    def opened(self, client: StudyClient) -> list[dict[str, Any]]:
        """Open the study in its process.

        Returns:
            The trials of this search so far.
        """
        wanted, folder = self.wanted, self.grid.folder.resolve()
        aims = [aim.metric for aim in self.objectives.aims]
        answer = client.call(
            "open",
            storage=wanted.storage or str(folder / JOURNAL),
            name=wanted.study or (str(folder) if wanted.storage else "search"),
            shared=wanted.study is not None,
            folder=str(folder),
            asks={"words": without_passwords(self.space.plain()), "objectives": [aims, self.objectives.directions]},
            directions=self.objectives.directions,
            space=[part for part in self.space.plain() if not isinstance(part, str)],
            sampler=wanted.sampler,
            pruner=wanted.pruner or NO_PRUNER,
            seed=wanted.seed,
            trials=wanted.trials,
        )
        return list(answer["earlier"])
