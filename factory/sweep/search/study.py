"""CHILD: the study of a search, in the one process that imports Optuna, and with it numpy and, for some, torch.

``python -m factory.sweep.search.study`` takes requests as JSON lines on stdin and answers each with one on stdout:

    → {"do": "open", "storage": …, …}                        ← {"earlier": [{"number": 0, "state": "complete", …}]}
    → {"do": "ask"}                                           ← {"number": 3, "params": {…}}    null: no trials left
    → {"do": "report", "number": 3, "step": 1, "value": 0.9}  ← {"prune": false}
    → {"do": "tell", "number": 3, "state": "complete", …}     ← {}
    ← {"error": "ConfigError", "message": "…"}

All its state lies in the study's storage, so that it may be killed at any time. It ends when its stdin closes.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Literal

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.storages import BaseStorage, JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import TrialState

from factory.core.errors import ConfigError, FactoryError
from factory.core.foreign_errors import in_one_line
from factory.core.lifeline import die_with_parent
from factory.sweep.search import samplers

ASKS, FOLDER, SPENT = "factory.asks", "factory.folder", "factory.spent"
STATES = {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "failed": TrialState.FAIL}


class Study:
    """The Optuna study of one search.

    Args:
        storage: a URL that Optuna knows, or the path of a journal file.
        name: name of the study in the storage.
        shared: whether other commands may work on the same study.
        folder: folder of this search.
        asks: fixed overrides, dimensions and objectives; they must be the same for all trials of a study.
        directions: maximize or minimize, one for each objective.
        space: dimensions as in `factory.sweep.search.space`.
        sampler: as declared.
        pruner: as declared.
        seed: of the sampler.
        trials: number of trials in all, those of earlier commands included.

    Raises:
        ConfigError: the study holds another search, or Optuna refuses something.
    """

    def __init__(
        self,
        storage: str,
        name: str,
        shared: bool,
        folder: str,
        asks: Any,
        directions: Sequence[Literal["minimize", "maximize"]],
        space: Sequence[Mapping[str, Any]],
        sampler: Any,
        pruner: Any,
        seed: int | None,
        trials: int,
    ) -> None:
        self.sampler, self.folder, self.shared, self.trials = samplers.sampler(sampler, seed), folder, shared, trials
        self.space = {part["key"].lstrip("+~"): distribution(**part) for part in space}
        own: dict[str, Any] = {"sampler": self.sampler(0), "pruner": samplers.pruner(pruner)}
        try:
            self.study = optuna.create_study(
                storage=opened(storage), study_name=name, directions=list(directions), load_if_exists=True, **own
            )
        except Exception as error:  # each storage raises what its driver does
            takes = "an URL that Optuna can open"
            raise ConfigError(f"search.storage: got {storage!r}; takes {takes}; {in_one_line(error)}") from error
        found = self.study.user_attrs.get(ASKS)
        if found is None:
            self.study.set_user_attr(ASKS, asks)
        elif found != asks:
            raise ConfigError(f"search: study {name!r} in {storage} holds another search; give another folder or study")
        self.open: dict[int, optuna.Trial] = {}

    def earlier(self) -> list[dict[str, Any]]:
        """Return this search's trials so far; running trials of an earlier command are resumed."""
        found = []
        for frozen in self.study.get_trials(deepcopy=False):
            others = self.shared and frozen.user_attrs.get(FOLDER) != self.folder
            if others or frozen.state is TrialState.WAITING:
                continue
            params = self.taken_up(frozen) if frozen.state is TrialState.RUNNING else frozen.params
            state = next((name for name, state in STATES.items() if state is frozen.state), "running")
            found.append({"number": frozen.number, "state": state, "params": params})
        return found

    def taken_up(self, frozen: optuna.trial.FrozenTrial) -> dict[str, Any]:
        """Resume a running trial and return its parameters; those it does not have yet are sampled now."""
        self.study.sampler = self.sampler(frozen.number)
        trial = optuna.Trial(self.study, frozen._trial_id)  # Optuna 5 has no public way to resume a trial
        for name, among in self.space.items():
            trial._suggest(name, among)
        return self.begun(trial)

    def ask(self) -> dict[str, Any]:
        """Answer with a new trial's number and parameters; the number is None when there are no trials left."""
        known = self.study.get_trials(deepcopy=False)
        enough = sum(trial.state is not TrialState.WAITING for trial in known) >= self.trials
        if enough or self.study.user_attrs.get(SPENT):
            return {"number": None}
        self.study.sampler = self.sampler(len(known))
        trial = self.study.ask(self.space)
        return {"number": trial.number, "params": self.begun(trial)}

    def begun(self, trial: optuna.Trial) -> dict[str, Any]:
        """Note that a trial runs for this search, and return its parameters."""
        trial.set_user_attr(FOLDER, self.folder)
        self.open[trial.number] = trial
        return {name: trial.params[name] for name in self.space}

    def report(self, number: int, step: int, value: float) -> dict[str, Any]:
        """Report a running trial's metric after an epoch (``step``), and answer whether to prune the trial."""
        self.open[number].report(value, step)
        return {"prune": bool(self.open[number].should_prune())}  # some pruners return a numpy bool

    def tell(
        self, number: int, state: str, values: Sequence[float] | None, facts: Mapping[str, float]
    ) -> dict[str, Any]:
        """Tell the study how a trial ended.

        Args:
            number: of the trial.
            state: a key of `STATES`.
            values: one for each objective; None unless the state is complete.
            facts: kept with the trial as user attributes.
        """
        trial = self.open.pop(number)
        for name, fact in facts.items():
            trial.set_user_attr(name, fact)
        try:
            self.study.tell(number, values, STATES[state])
        except RuntimeError:  # an exhausted sampler stops Optuna's loop, which is not used here; the trial is told
            if self.study.get_trials(deepcopy=False)[number].state is not STATES[state]:
                raise
            self.study.set_user_attr(SPENT, True)
        return {}


def distribution(key: str, choices: Sequence[str], low: Any, high: Any, step: Any, log: bool) -> BaseDistribution:
    """Return Optuna's distribution of a dimension; see `factory.sweep.search.space` for the arguments."""
    if choices:
        return CategoricalDistribution(choices)
    if all(isinstance(number, int) for number in (low, high, step or 1)):
        return IntDistribution(low, high, log, step or 1)
    return FloatDistribution(low, high, log, step)


def opened(storage: str) -> str | BaseStorage:
    """Return a URL as it is, or open a path as a journal, without a last line that a crash left incomplete."""
    if "://" in storage:
        return storage
    path = Path(storage)
    path.touch()
    with open(path, "rb+") as file:
        file.truncate(file.read().rfind(b"\n") + 1)
    return JournalStorage(JournalFileBackend(storage, KernelLock(path.with_name(f".{path.name}.lock"))))


class KernelLock(JournalFileOpenLock):
    """A file lock that the kernel releases when the process ends; Optuna's own outlives a killed process by 30 s."""

    def __init__(self, path: Path) -> None:
        self.file = open(path, "w")

    def acquire(self) -> bool:
        fcntl.flock(self.file, fcntl.LOCK_EX)
        return True

    def release(self) -> None:
        fcntl.flock(self.file, fcntl.LOCK_UN)


def serve(replies: IO[str]) -> None:
    """Answer the requests on stdin until it closes."""
    study: Study | None = None
    for line in sys.stdin:
        request = json.loads(line)
        do = request.pop("do")
        try:
            if do == "open":
                study = Study(**request)
                answer: Mapping[str, Any] = {"earlier": study.earlier()}
            else:
                answer = getattr(study, do)(**request)
        except FactoryError as error:
            answer = {"error": type(error).__name__, "message": str(error)}
        except Exception as error:  # a sampler may raise anything; the parent prints it as one line
            traceback.print_exc()
            answer = {"error": "FactoryError", "message": f"search: Optuna: {in_one_line(error)}"}
        replies.write(f"{json.dumps(answer)}\n")
        replies.flush()


if __name__ == "__main__":
    die_with_parent()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what Optuna prints goes to the log, never between the answers
    serve(answers)
    os._exit(0)
