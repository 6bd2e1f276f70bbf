"""The study's process, with the real Optuna on real files: killed at any time it loses nothing."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from factory.core.errors import ConfigError, FactoryError
from factory.sweep.search.client import StudyClient
from tests.commands import frameworks_in

pytestmark = pytest.mark.slow

SPACE = [
    {"key": "++x", "choices": [], "low": 1e-4, "high": 0.1, "step": None, "log": True},
    {"key": "n", "choices": [], "low": 1, "high": 9, "step": 2, "log": False},
    {"key": "c", "choices": ["[64]", "[128,64]"], "low": 0, "high": 0, "step": None, "log": False},
]


@contextmanager
def asked(storage: Path | str, **fields: Any) -> Iterator[tuple[StudyClient, list[dict[str, Any]]]]:
    """An open study and its earlier trials."""
    given = {"name": "search", "shared": False, "folder": "here", "asks": ["x"], "directions": ["minimize"]}
    given |= {"space": SPACE, "sampler": "RandomSampler", "pruner": "NopPruner", "seed": 0, "trials": 9}
    client = StudyClient()
    try:
        yield client, client.call("open", storage=str(storage), **{**given, **fields})["earlier"]
    finally:
        client.close()


def tell(client: StudyClient, number: int, *values: float) -> None:
    client.call("tell", number=number, state="complete", values=list(values), facts={"loss": values[0]})


def test_trials_are_asked_until_there_are_enough_and_lie_in_the_space(tmp_path: Path) -> None:
    with asked(tmp_path / "journal", trials=6) as (client, earlier):
        assert earlier == []
        found = [client.call("ask") for _ in range(7)]
    assert [trial["number"] for trial in found] == [0, 1, 2, 3, 4, 5, None]
    for trial in found[:-1]:
        values = trial["params"]
        assert 1e-4 <= values["x"] <= 0.1
        assert values["n"] in (1, 3, 5, 7, 9) and isinstance(values["n"], int)
        assert values["c"] in ("[64]", "[128,64]")


@pytest.mark.parametrize("sampler", ["RandomSampler", "TPESampler", "CmaEsSampler", "NSGAIISampler", "QMCSampler"])
def test_killed_study_goes_on_to_the_same_trials(sampler: str, tmp_path: Path) -> None:
    """Three trials are told, the process dies with one under way; the rest is what one process would have asked."""
    arguments = {"sampler": {sampler: {"n_startup_trials": 2}} if sampler == "TPESampler" else sampler}

    def go_on(client: StudyClient, trials: int) -> list[dict[str, Any]]:
        found = []
        for _ in range(trials):
            found.append(client.call("ask"))
            tell(client, found[-1]["number"], found[-1]["params"]["x"])
        return found

    with asked(tmp_path / "whole", **arguments) as (client, _):
        whole = go_on(client, 8)
    with asked(tmp_path / "killed", **arguments) as (client, _):
        go_on(client, 3)
        under_way = client.call("ask")
        os.kill(client.child.pid, signal.SIGKILL)
        with pytest.raises(FactoryError, match="the study's process was killed by SIGKILL"):
            client.call("ask")
    with asked(tmp_path / "killed", **arguments) as (client, earlier):
        assert [trial["state"] for trial in earlier] == ["complete"] * 3 + ["running"]
        assert earlier[3]["params"] == under_way["params"]
        tell(client, 3, under_way["params"]["x"])
        rest = go_on(client, 4)
    assert [trial["params"] for trial in [*earlier, *rest]] == [trial["params"] for trial in whole]


def test_resumed_trial_keeps_its_values_and_is_given_the_missing_ones(tmp_path: Path) -> None:
    """Power failed in the middle of asking, and in the middle of a line."""
    journal = tmp_path / "journal"
    with asked(journal) as (client, _):
        params = client.call("ask")["params"]
    lines = journal.read_bytes().splitlines(keepends=True)
    first = next(place for place, line in enumerate(lines) if b'"param_name":"n"' in line)
    journal.write_bytes(b"".join(lines[:first]) + lines[first][:10])
    with asked(journal) as (client, earlier):
        assert [(trial["number"], trial["state"]) for trial in earlier] == [(0, "running")]
        assert earlier[0]["params"].keys() == params.keys()
        assert earlier[0]["params"]["x"] == params["x"]
        tell(client, 0, 1.0)
        assert client.call("ask")["number"] == 1


def test_study_of_another_search_is_refused(tmp_path: Path) -> None:
    with asked(tmp_path / "journal"):
        pass
    with pytest.raises(ConfigError, match="holds another search"), asked(tmp_path / "journal", asks=["y"]):
        pass
    with pytest.raises(ConfigError, match=r"search\.storage: got 'none://x'"), asked("none://x"):
        pass


def test_study_answers_to_prune_a_hopeless_trial(tmp_path: Path) -> None:
    pruner = {"MedianPruner": {"n_startup_trials": 1}}
    with asked(tmp_path / "journal", pruner=pruner) as (client, _):
        for number, value in enumerate((1.0, 9.0, 0.5)):
            client.call("ask")
            hopeless = client.call("report", number=number, step=1, value=value)["prune"]
            assert hopeless == (value == 9.0)
            if hopeless:
                client.call("tell", number=number, state="pruned", values=None, facts={})
            else:
                tell(client, number, value)
    with asked(tmp_path / "journal", pruner=pruner) as (_, earlier):
        assert [trial["state"] for trial in earlier] == ["complete", "pruned", "complete"]


def test_exhausted_sampler_ends_the_search(tmp_path: Path) -> None:
    few = {"sampler": "BruteForceSampler", "space": SPACE[2:]}
    for rest in (2, 0):
        with asked(tmp_path / "journal", **few) as (client, _):
            for number in range(rest):
                assert client.call("ask")["number"] == number
                tell(client, number, 1.0)
            assert client.call("ask") == {"number": None}


def test_two_searches_may_share_a_study_by_url(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/study.db"
    shared = {"name": "ours", "shared": True, "trials": 4}
    with asked(url, folder="a", **shared) as (one, _), asked(url, folder="b", **shared) as (other, _):
        numbers = [client.call("ask")["number"] for client in (one, other, one, other, one)]
        assert numbers == [0, 1, 2, 3, None]
        tell(other, 1, 1.0)
    with asked(url, folder="b", **shared) as (_, earlier):
        assert [(trial["number"], trial["state"]) for trial in earlier] == [(1, "complete"), (3, "running")]


def test_gaussian_processes_bring_torch_into_the_study_and_not_into_the_parent(tmp_path: Path) -> None:
    sampler = {"GPSampler": {"n_startup_trials": 2}}
    before = frameworks_in(os.getpid()), "torch" in sys.modules
    with asked(tmp_path / "journal", sampler=sampler) as (client, _):
        for _ in range(4):
            trial = client.call("ask")
            tell(client, trial["number"], trial["params"]["x"])
        assert frameworks_in(client.child.pid) == {"torch"}
    assert (frameworks_in(os.getpid()), "torch" in sys.modules) == before


def test_closing_the_study_client_does_not_wait_for_an_answer(tmp_path: Path) -> None:
    with asked(tmp_path / "journal") as (client, _):
        os.kill(client.child.pid, signal.SIGSTOP)  # a sampler that thinks for ever
        failed: list[FactoryError] = []

        def ask() -> None:
            try:
                client.call("ask")
            except FactoryError as error:
                failed.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        client.close()
        thread.join(timeout=20)
        assert not thread.is_alive() and len(failed) == 1
