"""Spaces in Hydra's syntax and in YAML, without Optuna."""

from __future__ import annotations

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from factory.core.errors import ConfigError
from factory.sweep.command import in_full, sweep_identity
from factory.sweep.search.space import Dimension, Space, as_words, read_space


def space(*words: str) -> Space:
    return read_space(words, OverridesParser.create())


@pytest.mark.parametrize(
    ("text", "dimension"),
    [
        ("interval(0,0.5)", Dimension("a.b", low=0.0, high=0.5)),
        ("tag(log,interval(1e-4,1e-1))", Dimension("a.b", low=1e-4, high=0.1, log=True)),
        ("int(interval(16,256))", Dimension("a.b", low=16, high=256)),
        ("int(tag(log,interval(16,256)))", Dimension("a.b", low=16, high=256, log=True)),
        ("tag(log,int(interval(16,256)))", Dimension("a.b", low=16, high=256, log=True)),
        ("range(1,5)", Dimension("a.b", low=1, high=4, step=1)),
        ("tag(log,range(1,5))", Dimension("a.b", low=1, high=4, log=True)),
        ("range(16,257,16)", Dimension("a.b", low=16, high=256, step=16)),
        ("range(5,1,-2)", Dimension("a.b", low=3, high=5, step=2)),
        ("range(0,1,0.25)", Dimension("a.b", low=0.0, high=0.75, step=0.25)),
        ("choice([64],[128,64])", Dimension("a.b", ("[64]", "[128,64]"))),
        ("x,y,x", Dimension("a.b", ("x", "y"))),
        ("choice('a b',{c:1},3)", Dimension("a.b", ("a\\ b", "{c:1}", "3"))),
        ("1,null", Dimension("a.b", ("1", "null"))),
    ],
)
def test_every_form_of_dimension_is_read(text: str, dimension: Dimension) -> None:
    assert space(f"a.b={text}").parts == (dimension,)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("interval(2,1)", "a.b: got 'interval(2,1)'; takes the smaller number first"),
        ("tag(log,interval(0,1))", "a.b: got 'tag(log,interval(0,1))'; takes numbers above 0 under a logarithm"),
        ("tag(log,choice(1,2))", "a.b: got 'tag(log,choice(1,2))'; takes a log of numbers only"),
        (
            "tag(log,range(1,9,2))",
            "a.b: got 'tag(log,range(1,9,2))'; takes no steps but those of 1 under a logarithm",
        ),
        ("tag(lg,interval(1,2))", "a.b: got 'tag(lg,interval(1,2))'; takes tags: log (not lg)"),
        ("range(3,3)", "a.b: got 'range(3,3)'; takes a range with a number in it"),
    ],
)
def test_invalid_dimension_is_refused_with_its_key(text: str, line: str) -> None:
    with pytest.raises(ConfigError) as refused:
        space("x=1", f"a.b={text}")
    assert refused.value.problems == [line]


def test_all_invalid_dimensions_are_reported_at_once() -> None:
    with pytest.raises(ConfigError) as refused:
        space("a=interval(2,1)", "seed=range(3)", "b=interval(0,1)")
    assert [fault.partition(":")[0] for fault in refused.value.problems] == ["a", "seed"]


def test_search_without_a_dimension_is_refused() -> None:
    with pytest.raises(ConfigError, match="got no key to search"):
        space("model=mlp")


def test_space_keeps_order_and_sign_of_overrides_and_a_later_one_wins() -> None:
    found = space("++b=interval(0,1)", "model=mlp,cnn", "++c=1", "++b=int(interval(3,9))")
    assert found.keys == ["b", "model"]
    assert found.words({"b": 5, "model": "cnn"}) == ["++b=5", "model=cnn", "++c=1"]
    assert list(found.ends()) == [["++b=3", "model=mlp", "++c=1"], ["++b=9", "model=cnn", "++c=1"]]


def test_sampled_numbers_survive_the_override_syntax_exactly() -> None:
    parser = OverridesParser.create()
    found = space("a=interval(0,1)")
    for number in (1e-300, 0.1 + 0.2, 1 / 3, 5e-05, 1e22):
        (word,) = found.words({"a": number})
        assert parser.parse_override(word).value() == number


def test_search_params_in_yaml_are_read_like_overrides() -> None:
    params = {"a.b": "tag(log, interval(1e-4, 1e-1))", "h": [[64], [128, 64]], "m": ["mlp", "a b"], "e": 3, "n": None}
    words = as_words(params)
    assert words == ["a.b=tag(log, interval(1e-4, 1e-1))", "h=[64],[128,64]", "m=mlp,a\\ b", "e=3", "n=null"]
    assert space(*words).dimensions == [
        Dimension("a.b", low=1e-4, high=0.1, log=True),
        Dimension("h", ("[64]", "[128,64]")),
        Dimension("m", ("mlp", "a\\ b")),
    ]


def test_short_search_overrides_choose_the_search_sweeper() -> None:
    assert in_full(["a=1,2", "search.trials=3"]) == ["hydra/sweeper=search", "a=1,2", "hydra.sweeper.trials=3"]
    assert in_full(["a=int(interval(1,2))"]) == ["hydra/sweeper=search", "a=int(interval(1,2))"]
    assert in_full(["search=wide", "search.trials=3"]) == ["hydra/sweeper=wide", "hydra.sweeper.trials=3"]
    assert in_full(["a=1,2", "launcher.jobs=2"]) == ["a=1,2", "hydra.launcher.jobs=2"]


def test_sweep_identity_ignores_the_number_of_trials_but_not_that_it_is_a_search() -> None:
    search = sweep_identity(["a=1,2", "search.trials=3"])
    assert search == sweep_identity(["a=1,2", "search.trials=9", "launcher.jobs=1"])
    assert search != sweep_identity(["a=1,2"])
