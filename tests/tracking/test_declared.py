"""What the parent knows of trackers: from YAML and signatures alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from factory.config.composition.compose import compose_config
from factory.config.load import load_config, validate_config
from factory.core.errors import ConfigError, MissingPackage
from factory.pipeline.plan import Plan
from tests.commands import ROOT, factory

TRACKERS = sorted(path.stem for path in (ROOT / "factory" / "tracking" / "trackers").glob("[a-z]*.py"))


def test_no_tracker_is_the_default() -> None:
    assert compose_config([]).tree["tracker"] == {"kind": None}


@pytest.mark.parametrize("name", TRACKERS)
def test_every_tracker_has_a_yaml_that_is_accepted(name: str) -> None:
    validate_config(compose_config([f"tracker={name}"]).tree)


def test_a_config_from_before_there_were_trackers_is_accepted() -> None:
    tree = compose_config([]).tree
    validate_config({key: node for key, node in tree.items() if key != "tracker"})


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["tracker=mlflo"], "tracker: got 'mlflo'; takes mlflow, none, tensorboard; did you mean 'mlflow'?"),
        (
            ["tracker=tensorboard", "tracker.patienc=9"],
            "tracker.patienc: unknown key; takes requires, extra, patience, kind; did you mean 'patience'?",
        ),
        (["tracker=mlflow", "tracker.register=3"], "tracker.register: got 3; takes true or false"),
        (["tracker=tensorboard", "tracker.patience=0"], "tracker.patience: got 0; takes a number above 0"),
        (["tracker.uri=x"], "tracker.uri: unknown key; takes kind"),
    ],
)
def test_what_a_tracker_does_not_take_is_one_line(words: list[str], line: str) -> None:
    with pytest.raises(ConfigError) as refused:
        validate_config(compose_config(words).tree)
    assert refused.value.problems == [line]


def test_a_missing_package_is_one_line_with_the_command() -> None:
    words = ["tracker=tensorboard", "tracker.requires=[no_such_package]"]
    with pytest.raises(MissingPackage) as refused:
        load_config([*words, "train.backend=jax"])
    line = "tracker.kind: got 'tensorboard', which needs no_such_package; pip install 'factory[tensorboard]'"
    assert refused.value.problems == [line]


def test_a_changed_tracker_changes_no_key() -> None:
    def keys(*words: str) -> list[str]:
        plan = Plan(compose_config(list(words)).tree)
        return [plan.train_key, plan.target_key("saved_model", "a model")]

    assert keys() == keys("tracker=mlflow", "tracker.uri=http://127.0.0.1:5000") == keys("tracker=tensorboard")
    assert keys() != keys("seed=1")


@pytest.mark.slow
def test_a_changed_tracker_is_operational() -> None:
    done = factory("diff", ":tracker=none", ":tracker=mlflow", "--format", "json", "--fail-on", "re-export")
    assert done.code == 0, done.err
    assert '"operational"' in done.out
    assert factory("diff", ":tracker=none", ":tracker=mlflow", "--fail-on", "operational").code == 6


def test_the_parent_imports_no_tracker() -> None:
    look = "import sys; assert not {'mlflow', 'tensorboardX', 'numpy', 'pandas'} & sys.modules.keys()"
    words = "import factory.cli.main; from factory.config.load import load_config; "
    words += "load_config(['tracker=mlflow', 'train.backend=jax'])"
    subprocess.run([sys.executable, "-c", f"{words}; {look}"], check=True, cwd=ROOT)


def test_what_a_config_refuses_starts_no_tracker(tmp_path: Path) -> None:
    done = factory("tracker=mlflow", "train.epochs=0", cwd=tmp_path)
    assert (done.code, done.err) == (2, "train.epochs: got 0; takes an integer of at least 1\n")
    assert not (tmp_path / "outputs").exists()
