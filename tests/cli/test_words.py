"""Each way to mistype a command or a file is one line: its key or file, what it got, what it takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from factory.cli.main import parse
from factory.config.load import load_config
from factory.core.errors import ConfigError
from tests.commands import factory

VALUE = "takes a value as Hydra writes it: "
QUOTES = f"{VALUE}brackets in pairs, other characters in quotes"

LINES = {
    "model={a: 1}": "model.a: unknown key; takes kind, hidden, ",
    "model=null": "model: got 'null'; takes the name of an option, or a list of names",
    "model=mlp,cnn": "model: got 'mlp,cnn'; takes one value; -m sweeps over several, and [mlp,cnn] is a list",
    "seed=range(3)": "seed: got 'range(3)'; takes one value; -m sweeps over several",
    "seed=interval(0,1)": "seed: got 'interval(0,1)'; takes one value; -m sweeps over several",
    "~nope": "~nope: unknown key; takes a key that is there",
    "+model=mlp": "model: got 'mlp'; takes what its place can hold; model appears more than once",
    "model@x=mlp": "model@x: unknown key or group; takes those of --cfg job",
    "foo/bar=x": "foo/bar: unknown key or group; takes those of --cfg job",
    "+seed=1": "+seed: is there already; takes seed=… or ++seed=…",
    "model.hidden=${a b": f"model.hidden: got '${{a b'; {QUOTES}",
    "model.hidden='${a b'": """model.hidden: got "'${a b'"; takes what its place can hold; token recognition error""",
    "model.hidden=}": f"model.hidden: got '}}'; {QUOTES}",
    "seed=int(x)": f"seed: got 'int(x)'; {VALUE}invalid literal for int() with base 10: 'x'",
    "model.hidden=${x:1}": "model.hidden: got '${x:…}'; takes a resolver that there is, such as oc.select",
    "model.hidden=${oc.env:NO_SUCH}": "model.hidden: got an interpolation that leads nowhere "
    "(\"Environment variable 'NO_SUCH' not found\"); takes one to what is there",
    "seed=${seed}": "seed: Recursive interpolation detected",
    f"{'a' * 300}=1": f"command line: got the key '{'a' * 78}…; takes names of at most 200 characters",
    f"model={'a' * 300}": f"model: got '{'a' * 78}…; takes application, attention, augmented, cnn, ",
    f"model.hidden={'[' * 60}": f"model.hidden: got '{'[' * 60}'; takes at most 50 levels",
    f"model.hidden=[{'1,' * 2500}1]": "model.hidden: got '[1,1,",
    "=1": "command line: got '=1'; takes key=value",
    "": "command line: got ''; takes key=value",
    "'a b'=c": """command line: got "'a b'=c"; takes key=value""",
    "na\nme=1": r"command line: got the key 'na\nme'; takes printable characters",
    "name=\x1b[31m": rf"name: got '\x1b[31m'; {QUOTES}",
    "hydra/launcher=nope": "hydra/launcher: got 'nope'; takes basic, factory, factory_ray",
    "hydra.run.dir=null": "hydra.run.dir: got 'null'; takes what its place can hold; ",
    "model=../../etc/passwd": "model/../../etc: got 'passwd'; takes a group's option",
    "data.requires=['.']": "data.requires[0]: got '.'; takes the name of a package",
    "data.requires=[os.path]": "data.requires[0]: got 'os.path'; takes the name of a package",
    "deploy.target.saved_model.routes.torch=['a/b']": "deploy.target.saved_model.routes.torch[0]: got 'a/b'; "
    "takes the name of a package",
    "train.threads=1000000": "train.threads: got 1000000; takes an integer from 1 to 4096 or null",
    "deploy.target.saved_model.tolerance.float32.absolute=inf": "deploy.target.saved_model.tolerance.float32.absolute: "
    "got inf; takes a finite number of at least 0",
    "deploy.target.saved_model.tolerance.float32.relative=nan": "deploy.target.saved_model.tolerance.float32.relative: "
    "got nan; takes a finite number of at least 0",
    "model.dropout=nan": "model.dropout: got nan; takes a number of at least 0 and below 1",
}


@pytest.mark.parametrize("word", LINES, ids=lambda word: repr(word[:40]))
def test_override_that_cannot_be_is_one_line(word: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load_config([word])
    assert refused.value.problems[0].startswith(LINES[word]), refused.value.problems
    assert not any("\n" in line for line in refused.value.problems)


FLAGS = {
    ("-m", "--cfg", "job"): "command line: got --cfg and -m; takes one of them",
    ("--cfg", "job", "-i"): "command line: got --cfg and --info; takes one of them",
    ("-i", "nope"): "-i/--info: invalid choice: 'nope'",
}


@pytest.mark.parametrize("words", FLAGS)
def test_flags_that_do_not_go_together_are_one_line(words: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as refused:
        parse(list(words))
    assert str(refused.value).startswith(FLAGS[words])


def test_completion_without_a_shell_is_one_line() -> None:
    done = factory("-sc")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("-sc: got ''; takes one of install=bash") and done.err.count("\n") == 1


def test_hydras_help_is_the_same_beside_a_word() -> None:
    done = factory("--hydra-help", "model=mlp")
    assert (done.code, done.err) == (0, "")
    assert "Hydra" in done.out


def test_config_is_printed_with_what_is_missing_and_refused_with_what_is_wrong() -> None:
    done = factory("data=csv", "--cfg", "job", "-p", "data")
    assert (done.code, done.err) == (0, "")
    assert "# @package" not in done.out and "path: ???" in done.out and "source: csv" in done.out
    wrong = factory("data=csv", "train.epoks=3", "--cfg", "job")
    assert (wrong.code, wrong.out) == (2, "")
    assert wrong.err.startswith("train.epoks: unknown key; takes ") and wrong.err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["list", "--fail-on", "gate"], "--fail-on: is of diff only, not of list"),
        (["model=mlp", "--format", "json"], "--format: is of list, diff only, not of run"),
        (
            ["report", "x", "--config-dir", "conf"],
            "--config-dir: is of run, sweep, hydra, diff, check, help, infer only, not of report",
        ),
        (["check", "--resolve"], "--resolve: is of hydra only, not of check"),
    ],
)
def test_flag_of_another_verb_is_refused(words: list[str], line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(words)
    assert str(caught.value) == line


def test_help_shows_the_groups_of_the_users_folder(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "mine.yaml").write_text("# python -m factory model=mine\n# A model of mine.\nkind: mlp\n")
    done = factory("--help", "--config-dir", str(tmp_path))
    assert done.code == 0 and "mine" in done.out and "A model of mine." in done.out
