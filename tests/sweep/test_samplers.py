"""Optuna's own samplers and pruners, by name."""

from __future__ import annotations

from typing import Any

import optuna
import pytest

from factory.core.errors import ConfigError
from factory.sweep.search import samplers

TELLING = ["RandomSampler", "TPESampler", "QMCSampler", "CmaEsSampler", "NSGAIISampler", "BruteForceSampler"]


@pytest.mark.parametrize("name", TELLING)
def test_sampler_is_made_by_its_name(name: str) -> None:
    assert type(samplers.sampler(name, 0)(3)).__name__ == name


def test_sampler_arguments_may_be_samplers_and_pruners() -> None:
    found = samplers.sampler({"CmaEsSampler": {"n_startup_trials": 2, "independent_sampler": "RandomSampler"}}, 0)(0)
    assert isinstance(found._independent_sampler, optuna.samplers.RandomSampler)  # type: ignore[attr-defined]
    pruner = samplers.pruner(
        {"PatientPruner": {"wrapped_pruner": {"PercentilePruner": {"percentile": 10}}, "patience": 2}}
    )
    assert isinstance(pruner._wrapped_pruner, optuna.pruners.PercentilePruner)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("declared", "line"),
    [
        ("TPESamler", "search.sampler: got 'TPESamler'; takes BruteForceSampler, "),
        ("BaseSampler", "search.sampler: got 'BaseSampler'; takes BruteForceSampler, "),
        ({"TPESampler": {"sed": 1}}, "search.sampler.TPESampler.sed: unknown key; takes "),
        ({"TPESampler": {"group": 1}}, "search.sampler.TPESampler.group: got 1; takes bool"),
        ({"TPESampler": {"seed": True}}, "search.sampler.TPESampler.seed: got True; takes int or null"),
        ({"TPESampler": 3}, "search.sampler.TPESampler: got 3; takes its arguments"),
        ({"TPSampler": {"seed": 3}}, "search.sampler: got 'TPSampler'; takes "),
        ({"GridSampler": {}}, "search.sampler.GridSampler.search_space: missing; takes "),
        ({"CmaEsSampler": {"independent_sampler": "Rndom"}}, "search.sampler.CmaEsSampler.independent_sampler: got"),
        ({"TPESampler": {}, "QMCSampler": {}}, 'search.sampler: got "{'),
        (["TPESampler"], 'search.sampler: got "['),
        (3, "search.sampler: got '3'; takes "),
    ],
    ids=str,
)
def test_invalid_sampler_is_refused_with_its_path(declared: Any, line: str) -> None:
    with pytest.raises(ConfigError) as refused:
        samplers.sampler(declared, 0)
    assert str(refused.value).startswith(line)


def test_arguments_that_optuna_refuses_are_refused_in_its_words() -> None:
    with pytest.raises(ConfigError, match=r"^search\.pruner: Percentile must be between 0 and 100"):
        samplers.pruner({"PercentilePruner": {"percentile": 200}})


def test_unknown_sampler_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'MedianPruner'"):
        samplers.pruner("MedianPrunner")


def drawn(sampler: Any, numbers: range) -> list[float]:
    """What trials of these numbers draw, in a study that knows of no earlier ones."""
    found = []
    for number in numbers:
        study = optuna.create_study(sampler=sampler(number))
        found.append(study.ask({"x": optuna.distributions.FloatDistribution(0, 1)}).params["x"])
    return found


def test_each_trial_draws_from_a_seed_of_its_own_whatever_was_drawn_before() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    whole = drawn(samplers.sampler("RandomSampler", 7), range(40))
    assert drawn(samplers.sampler("RandomSampler", 7), range(20, 40)) == whole[20:]
    assert drawn(samplers.sampler("RandomSampler", 8), range(40)) != whole
    assert len(set(whole)) == 40
    assert 0.35 < sum(whole) / 40 < 0.65


def test_seed_among_the_sampler_arguments_is_optunas_own() -> None:
    sampler = samplers.sampler({"RandomSampler": {"seed": 3}}, 7)
    assert sampler(0) is sampler(1)
