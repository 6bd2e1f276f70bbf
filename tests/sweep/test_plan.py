"""What is known of a sweep before its first process starts; no framework is."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from factory.core.errors import ConfigError
from factory.execution.requirements import ClusterSettings
from factory.sweep.command import for_one_run, in_full, resumed
from factory.sweep.search.search import Wanted
from factory.sweep.settings import Settings
from hydra_plugins.factory_sweep import FactoryLauncherConf, FactoryRayLauncherConf, FactorySearchConf
from tests.commands import ROOT, factory


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["model.hiden=[1],[2]"], "model.hiden: unknown key; takes "),
        (["train.epochs=0,-1"], "train.epochs: got 0; takes an integer of at least 1"),
        (["model=mpl,lmp"], "model: got 'mpl'; takes "),
        (["seed=1,2", "launcher.jobs=0"], "launcher.jobs: got 0; takes a number above 0, or null"),
        (["seed=1,2", "launcher.mode=mx"], "launcher.mode: got 'mx'; takes auto, max, min; did you mean 'max'?"),
        (["seed=1,2", "launcher.publish=bset"], "launcher.publish: got 'bset'; takes best, all; did you mean 'best'?"),
        (["seed=1,2", "launcher.jbos=1"], "launcher.jbos: unknown key; takes jobs, threads, "),
        (["model.dropout=interval(0.5,0)"], "model.dropout: got 'interval(0.5,0)'; takes the smaller number first"),
        (["model.hiden=1,2", "search.trials=3"], "model.hiden: unknown key; takes "),
        (["seed=range(1000000000)"], "sweep: got 1,000,000,000 jobs; takes at most 100,000"),
        (["seed=shuffle(range(1000000000))"], "sweep: got 1,000,000,000 jobs; takes at most 100,000"),
        (["seed=range(0,1,0)"], "seed: got 'range(0,1,0)'; takes a range between finite numbers, in steps that are"),
        (["train.epochs=range(5,1)"], "train.epochs: got 'range(5,1)'; takes a range with a number in it"),
        (["model.dropout=0,0.1", "search.objectives=[nope]"], "search.objectives: got 'nope'; takes accuracy, auto, "),
        (["model.dropout=0,0.1", "search.trials=0"], "search.trials: got 0; takes a number above 0"),
        (["model.dropout=0,0.1", "search.sampler=TPESamler"], "search.sampler: got 'TPESamler'; takes "),
        (
            ["model.dropout=0,0.1", "search.objectives=onx.size"],
            "search.objectives: got 'onx.size'; takes saved_model.",
        ),
        (
            ["model.dropout=0,0.1", "search.pruner=MedianPruner", "search.objectives=saved_model.size"],
            "search.pruner: got 'MedianPruner'; takes null unless there is one objective",
        ),
    ],
)
@pytest.mark.slow
def test_sweep_that_cannot_run_is_refused_and_leaves_no_files(words: list[str], line: str, tmp_path: Path) -> None:
    done = factory("-m", *words, f"hydra.sweep.dir={tmp_path}/sweep")
    assert done.code == 2
    assert done.err.startswith(line)
    assert "Traceback" not in done.err
    assert not (tmp_path / "sweep").exists()


@pytest.mark.slow
def test_refused_sweep_leaves_no_dated_folder(tmp_path: Path) -> None:
    for words in (["train.epochs=0,-1"], ["seed=range(1000000000)"], ["model.dropout=0,1", "search.objectives=[nope]"]):
        assert factory("-m", *words, cwd=tmp_path).code == 2
        assert list(tmp_path.iterdir()) == []


def test_refused_sweep_keeps_files_that_were_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    assert factory("-m", "train.epochs=0,-1", f"hydra.sweep.dir={tmp_path}").code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_short_overrides_expand_to_hydras_own() -> None:
    assert in_full(["launcher.jobs=2", "reuse=false", "seed=1,2"]) == [
        "hydra.launcher.jobs=2",
        "hydra.launcher.reuse=false",
        "seed=1,2",
    ]


def test_sweep_overrides_are_refused_in_a_single_run() -> None:
    words = ["model=mlp", "train.backend=jax", "hydra.launcher.jobs=2"]
    assert for_one_run(words) == words
    named = ["hydra/launcher=factory_ray", "launcher.cpus=2"]
    assert for_one_run(named) == ["hydra/launcher=factory_ray", "hydra.launcher.cpus=2"]
    with pytest.raises(ConfigError, match=r"launcher\.jobs: is of sweeps only; add -m\nsweep: is of sweeps"):
        for_one_run(["seed=1", "launcher.jobs=2", "sweep=resume"])


AIMS = [{"metric": "auto", "mode": "auto"}]


def recorded(folder: Path, *command: str) -> None:
    folder.mkdir(parents=True)
    (folder / "sweep.json").write_text(json.dumps({"status": "done", "aims": AIMS, "command": command}))


def test_resume_finds_the_newest_sweep_with_the_same_overrides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for day, words in (("2026-01-01", ["seed=1,2"]), ("2026-01-02", ["seed=1,2"]), ("2026-01-03", ["seed=3,4"])):
        recorded(Path("outputs", "sweeps", day, "10-00-00"), *words)
    assert resumed(["seed=1,2", "sweep=resume"]) == ["seed=1,2", "hydra.sweep.dir=outputs/sweeps/2026-01-02/10-00-00"]
    options = ["seed=1,2", "launcher.jobs=2", "reuse=false"]
    assert resumed([*options, "sweep=resume"]) == [*options, "hydra.sweep.dir=outputs/sweeps/2026-01-02/10-00-00"]
    assert resumed(["sweep=resume"]) == ["seed=3,4", "hydra.sweep.dir=outputs/sweeps/2026-01-03/10-00-00"]
    assert resumed(["seed=1,2", "hydra.sweep.dir=here", "sweep=resume"]) == ["seed=1,2", "hydra.sweep.dir=here"]
    with pytest.raises(ConfigError, match="holds no sweep of these words"):
        resumed(["seed=9", "sweep=resume"])
    with pytest.raises(ConfigError, match="did you mean 'resume'"):
        resumed(["sweep=resum"])


def test_resume_tells_searches_from_sweeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    search = ["seed=1,2", "search.trials=3", "search.objectives=loss", "launcher.jobs=1"]
    for day, words in (("2026-01-01", ["seed=1,2"]), ("2026-01-02", search)):
        recorded(Path("outputs", "sweeps", day, "10-00-00"), *words)
    assert resumed(["seed=1,2", "sweep=resume"])[-1] == "hydra.sweep.dir=outputs/sweeps/2026-01-01/10-00-00"
    more = ["seed=1,2", "search.trials=9"]
    assert resumed([*more, "sweep=resume"]) == [*more, "hydra.sweep.dir=outputs/sweeps/2026-01-02/10-00-00"]
    assert resumed(["sweep=resume"]) == [*search[:-1], "hydra.sweep.dir=outputs/sweeps/2026-01-02/10-00-00"]


def test_missing_optuna_is_an_error_that_names_the_pip_command(tmp_path: Path) -> None:
    words = ["-m", "model.dropout=interval(0,0.5)", f"hydra.sweep.dir={tmp_path}/sweep"]
    program = f"import sys; sys.modules['optuna'] = None; from factory.cli.main import main; sys.exit(main({words!r}))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr == "search: needs optuna, which is not installed; pip install 'factory[search]'\n"
    assert not (tmp_path / "sweep").exists()


def test_every_launcher_and_sweeper_option_is_known_to_the_settings_and_documented() -> None:
    here, there = (
        [option.name for option in fields(conf) if option.name != "_target_"]
        for conf in (FactoryLauncherConf, FactoryRayLauncherConf)
    )
    assert [*here, "cluster"] == [option.name for option in fields(Settings)]
    options = [*here, *(option.name for option in fields(ClusterSettings))]
    assert there == options
    text = (ROOT / "README.md").read_text()
    assert [name for name in options if f"launcher.{name}=" not in text and f"`{name}=" not in text] == []
    searching = [option.name for option in fields(FactorySearchConf) if option.name != "_target_"]
    assert searching == [option.name for option in fields(Wanted)]
    assert [name for name in searching if f"search.{name}=" not in text and f"{name}:\n" not in text] == []


def test_threads_are_divided_among_jobs_unless_given() -> None:
    assert Settings(jobs=10_000).threads_each(10_000) == 1
    assert Settings(threads=3).threads_each(10_000) == 3
    assert Settings(jobs=7).at_a_time(100, gpu=True) == 7
    assert Settings().at_a_time(100, gpu=True) == 1
    assert Settings().at_a_time(1, gpu=False) == 1
