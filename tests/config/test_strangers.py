"""What a YAML file, a word or a saved sweep must not do: run code, read secrets, leave its folder, hang the command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from factory.config.composition import yaml_files
from factory.config.composition.compose import compose_config
from factory.config.composition.hydra_cli import run_sweep
from factory.config.composition.hydra_node import refused_word
from factory.config.load import load_config
from factory.core.errors import ConfigError
from tests.commands import factory

CANARY = "{_target_: pathlib.Path.touch, self: {_target_: pathlib.Path, _args_: [canary]}}"

HOSTILE = {
    "callbacks": "hydra: {callbacks: {x: %s}}",
    "a launcher of its own": "hydra: {launcher: %s}",
    "a call in an option of the sweeper": "hydra: {sweeper: {sampler: %s}}",
    "a call in an option of the launcher": "hydra: {launcher: {metric: %s}}",
    "a logger": "hydra: {job_logging: {version: 1, handlers: {h: {(): pathlib.Path}}}}",
    "a package on the search path": "hydra: {searchpath: ['pkg://antigravity']}",
    "variables": "hydra: {job: {env_copy: [SECRET]}}",
    "a call in the model": "model: %s",
    "another's launcher": "defaults: [override hydra/launcher: joblib]",
    "another's callbacks": "defaults: [override hydra/callbacks: x]",
    "Hydra as a package": "defaults: [/model@hydra.callbacks: mlp]",
    "Hydra as a package of a name": "defaults: [/model/mlp@_global_.hydra.callbacks.x]",
    "another's folder": "defaults: [/model: ../../../etc/passwd]",
    "a file from the root": "defaults: [//etc/passwd]",
    "the environment": "name: ${oc.env:SECRET}",
    "the environment by a name that is put together": "name: ${oc.${seed}:SECRET}",
    "the environment in a text that is read again": "hydra: {sweeper: {params: {name: '\\${oc.env:SECRET}'}}}",
    "a text that is read again": "name: ${oc.decode:'${seed}'}",
    "what was typed": "name: ${hydra:overrides.task}",
    "the machine": "name: ${hydra:runtime.cwd}",
    "params that are Hydra's": "hydra: {sweeper: {params: {hydra.callbacks.x: 1}}}",
}


@pytest.fixture
def conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of groups with room for an experiment, and a secret beside it."""
    monkeypatch.setenv("SECRET", "hunter2hunter2")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conf" / "experiment").mkdir(parents=True)
    return tmp_path / "conf"


def written(conf: Path, text: str, name: str = "experiment/x") -> Path:
    file = conf / f"{name}.yaml"
    file.parent.mkdir(exist_ok=True, parents=True)
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize("what", HOSTILE)
def test_files_reach_neither_code_nor_secrets(what: str, conf: Path) -> None:
    text = HOSTILE[what] % CANARY if "%s" in HOSTILE[what] else HOSTILE[what]
    file = written(conf, f"# @package _global_\n{text}\n")
    for compose in (
        lambda: compose_config(["experiment=x"], str(conf)),
        lambda: run_sweep(["experiment=x", "seed=1,2"], print, str(conf), "config"),
    ):
        with pytest.raises(ConfigError) as refused:
            compose()
        assert all(line.startswith(f"{file}: ") for line in refused.value.problems), refused.value.problems
        assert "hunter2" not in str(refused.value)
    assert [path.name for path in conf.parent.iterdir()] == ["conf"]


@pytest.mark.parametrize("header", ["hydra", "_global_.hydra.callbacks", "a.b.hydra"])
def test_header_does_not_put_a_file_into_hydras_node(header: str, conf: Path) -> None:
    written(conf, f"# @package {header}\ncallbacks: {{}}\n")
    with pytest.raises(ConfigError, match=r"x\.yaml: @package: got '.*'; takes _global_, _group_ or a key"):
        compose_config(["experiment=x"], str(conf))


def test_primary_config_of_a_stranger_is_judged_as_well(conf: Path) -> None:
    written(conf, "defaults: [_self_]\nhydra: {searchpath: ['pkg://antigravity']}\n", "config")
    with pytest.raises(ConfigError, match=r"config\.yaml: hydra\.searchpath: unknown key; takes run, sweep, launcher"):
        compose_config([], str(conf))


def test_groups_of_hydra_describe_a_search_and_nothing_else(conf: Path) -> None:
    written(conf, "defaults: [search]\nparams: {model.hidden: [[1], [2]]}\n", "hydra/sweeper/wide")
    written(conf, "_target_: os.system\n", "hydra/launcher/odd")
    written(conf, "x: {_target_: os.system}\n", "hydra/callbacks/odd")
    assert compose_config(["hydra/sweeper=wide"], str(conf)).tree["seed"] == 0
    with pytest.raises(ConfigError, match=r"odd\.yaml: _target_: unknown key; takes names"):
        run_sweep(["hydra/launcher=odd", "seed=1,2"], print, str(conf), "config")
    with pytest.raises(ConfigError, match=r"hydra/callbacks: unknown key"):
        compose_config(["+hydra/callbacks=odd"], str(conf))


WORDS = {
    "hydra.launcher._target_": "launcher._target_: unknown key; takes jobs, threads, timeout, fail_fast, reuse, metric",
    "hydra.launcher.jbos": "launcher.jbos: unknown key; takes jobs, ",
    "hydra.sweeper.sampler._target_": "search.sampler: unknown key",
    "hydra.callbacks.x._target_": "hydra.callbacks.x._target_: unknown key; takes hydra.run.dir, hydra.sweep.dir",
    "++hydra.searchpath": "hydra.searchpath: unknown key",
    "hydra": "hydra: unknown key",
    "hydra.launcher": "hydra.launcher: unknown key",
    "~hydra.launcher": "hydra.launcher: cannot be taken away",
    "+model@hydra.callbacks": "model@hydra.callbacks: unknown key",
    "hydra/callbacks": "hydra/callbacks: unknown key",
    "hydra.job.env_set.LD_PRELOAD": "hydra.job.env_set.LD_PRELOAD: unknown key",
}


@pytest.mark.parametrize("key", WORDS)
def test_words_reach_only_what_is_known_of_hydras_node(key: str) -> None:
    assert (refused_word(key) or "").startswith(WORDS[key])


def test_words_that_are_known_pass() -> None:
    known = (
        "hydra.run.dir ++hydra.run.dir hydra.sweep.subdir hydra/launcher hydra.launcher.jobs hydra.sweeper.params.a.b"
    )
    assert [refused_word(key) for key in (*known.split(), "model.nodes.hydra.from", "hydrate", "+a")] == [None] * 9


def test_value_of_an_option_is_never_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for word in (f"hydra.sweeper.sampler={CANARY}".replace(" ", ""), "search.sampler=${model}"):
        words = ["-m", "search.trials=1", "model.dropout=0,0.1", word, f"+model._target_={CANARY}".replace(" ", "")]
        done = factory(*words, cwd=tmp_path)
        assert done.code == 2 and "Traceback" not in done.err
    assert list(tmp_path.iterdir()) == []


def test_saved_sweep_is_judged_like_a_file(tmp_path: Path) -> None:
    for number, (word, line) in enumerate(
        {
            f"hydra.callbacks.x={CANARY}": "hydra.callbacks.x: unknown key; takes hydra.run.dir",
            "name=${oc.env:SECRET}": "name: got the resolver 'oc.env'; takes keys of the config",
        }.items()
    ):
        folder = tmp_path / str(number) / "outputs" / "sweeps" / "2026-01-01" / "10-00-00"
        folder.mkdir(parents=True)
        (folder / "sweep.json").write_text(
            json.dumps({"command": ["seed=1,2", word], "status": "done", "aims": [{"metric": "loss", "mode": "min"}]})
        )
        done = factory("-m", "sweep=resume", cwd=tmp_path / str(number))
        assert done.code == 2
        assert done.err.startswith(f"outputs/sweeps/2026-01-01/10-00-00/sweep.json: {line}"), done.err
    assert not list(tmp_path.rglob("canary"))


# ---- the environment


def test_command_line_may_read_the_environment_and_no_error_shows_it(conf: Path) -> None:
    assert compose_config(["name=${oc.env:SECRET}"]).tree["name"] == "hunter2hunter2"
    for word in ("seed=${oc.env:SECRET}", "model.activation=${oc.env:SECRET}", "model.hidden=['a-${oc.env:SECRET}']"):
        with pytest.raises(ConfigError) as refused:
            load_config([word])
        assert "hunter2" not in str(refused.value) and "from the environment" in str(refused.value)


# ---- bounds

BOMB = "a: &a0 [x, x]\n" + "".join(f"k{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 40))
MERGED = "a: &a0 {x: 1}\n" + "".join(f"k{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}]}}\n" for i in range(1, 40))
UNREADABLE = {
    "aliases of aliases": (BOMB, "takes at most 100,000 values and 50 levels, aliases written out"),
    "merges of merges": (MERGED, "takes at most 100,000 values and 50 levels, aliases written out"),
    "an alias of itself": ("kind: &a [*a]\n", "an alias holds itself"),
    "depth": ("[" * 300_000, "takes at most 50 levels"),
    "size": ("a: " + "x" * yaml_files.LARGEST, "takes at most 1 MiB"),
    "a long number": ("seed: " + "9" * 5000, "more digits than Python reads"),
    "a tag": ("a: !!python/object/apply:os.system [x]\n", "could not determine a constructor for the tag"),
    "a set": ("a: !!set {3}\n", "got {3}; takes mappings, lists, words"),
    "a key twice": ("a: 1\na: 2\n", "got the key 'a' twice"),
    "no mapping": ("[1, 2]\n", "got [1, 2]; takes a mapping"),
    "no defaults list": ("defaults: {a: 1}\n", "defaults: got {'a': 1}; takes a list of options and of group: option"),
    "a number for an option": ("defaults: [{/model: 3}]\n", "defaults[0]./model: got 3; takes the name of an option"),
    "an open reference": ("name: '${a b'\n", "name: got '${a b'; takes ${key}, its key written out and closed by }"),
    "control characters": ("a: \x01\n", "control characters are not allowed"),
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_what_no_config_is_is_refused_at_once(what: str, conf: Path) -> None:
    text, words = UNREADABLE[what]
    file = written(conf, text)
    with pytest.raises(ConfigError) as refused:
        compose_config(["experiment=x"], str(conf))
    (line,) = refused.value.problems
    assert line.startswith(f"{file}: ") and words in line and "\n" not in line


def test_bytes_that_are_no_text_are_named(conf: Path) -> None:
    (conf / "experiment" / "x.yaml").write_bytes(b"name: \xff\n")
    with pytest.raises(ConfigError, match=r"x\.yaml: byte 6 is no UTF-8; takes text in UTF-8"):
        compose_config(["experiment=x"], str(conf))


def test_merges_and_aliases_that_configs_have_are_read() -> None:
    assert yaml_files.parse_yaml("a: &a {x: 1}\nb: {<<: *a, x: 2}\nc: [*a, *a]\n") == {
        "a": {"x": 1},
        "b": {"x": 2},
        "c": [{"x": 1}, {"x": 1}],
    }
