"""What a run's folder and the folder of versions are to each other, through the command line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from factory.config.composition.compose import compose_config
from factory.core.errors import Interrupted
from factory.core.files import sha256, write_json
from factory.core.read_documents import read_summary
from factory.core.rundir import RunDir
from factory.core.timing import Clock
from factory.execution.environment import Environment
from factory.execution.stage import Stage
from factory.pipeline.pipeline import Pipeline
from factory.pipeline.plan import Plan
from tests.commands import factory, started, wait_until
from tests.sweep import made

SMALL = ["model.hidden=[8]", "train.backend=jax", "train.epochs=1"]


def status(folder: Path) -> dict[str, object]:
    return dict(json.loads((folder / "run.json").read_text()))


@pytest.mark.slow
def test_published_names_a_version_that_holds_what_was_made(tmp_path: Path) -> None:
    words = [*SMALL, "deploy/target=[onnx]", f"hydra.run.dir={tmp_path}/x", f"models={tmp_path}/models"]
    artifact = tmp_path / "x" / "deploy" / "onnx" / "artifact"
    for backend, version in (("torch", 1), ("tensorflow", 2)):
        done = factory(*words, f"deploy.backend={backend}")
        assert done.code == 0, done.err
        folder = tmp_path / "models" / "onnx" / "mlp-digits" / str(version)
        assert f"onnx: {folder}\n" in done.out
        assert (folder / "model.onnx").read_bytes() == (artifact / "model.onnx").read_bytes()
        assert json.loads((folder / "factory.json").read_text())["sha256"] == sha256(artifact)
        assert yaml.safe_load((tmp_path / "x" / ".hydra" / "config.yaml").read_text())["deploy"]["backend"] == backend
    assert factory("resume", f"{tmp_path}/x").code == 0
    assert sorted(path.name for path in folder.parent.iterdir()) == ["1", "2"]


@pytest.mark.slow
def test_resume_goes_on_with_what_was_asked_last(tmp_path: Path) -> None:
    words = [*SMALL, f"hydra.run.dir={tmp_path}/x", f"models={tmp_path}/models"]
    assert factory(*words, "deploy=none").code == 0
    assert status(tmp_path / "x")["status"] == "trained"
    assert factory(*words, "deploy/target=[onnx]").code == 0
    assert factory("resume", f"{tmp_path}/x").code == 0
    assert status(tmp_path / "x")["status"] == "published"


@pytest.mark.slow
def test_a_run_whose_folder_is_removed_ends_with_a_line(tmp_path: Path) -> None:
    words = [*SMALL, "train.epochs=400", "deploy=none", f"models={tmp_path}/models", f"hydra.run.dir={tmp_path}/run"]
    with started(*words, log=tmp_path / "log.txt") as process:
        wait_until(lambda: (tmp_path / "run" / "train" / "history.csv").exists())
        (tmp_path / "run").rename(tmp_path / "gone")
        assert process.wait(timeout=120) != 0
    said = (tmp_path / "log.txt").read_text()
    assert f"{tmp_path}/run: this run's folder was removed while the run was under way" in said
    assert "Traceback" not in said
    assert not (tmp_path / "run" / "run.json").exists()


def test_a_folder_of_other_things_is_no_run_and_is_left_alone(tmp_path: Path) -> None:
    scratch = tmp_path / "outputs" / "2026-01-01" / "10-00-00" / ".making-x"
    scratch.mkdir(parents=True)
    done = factory(*SMALL, "hydra.run.dir=outputs", cwd=tmp_path)
    takes = "a folder that is empty or holds a run"
    assert (done.code, done.err) == (2, f"hydra.run.dir: got 'outputs'; takes {takes}, and there is 2026-01-01\n")
    assert scratch.exists()
    assert [path.name for path in (tmp_path / "outputs").iterdir()] == ["2026-01-01"]


def test_the_one_that_finds_a_folder_in_use_removes_nothing(tmp_path: Path) -> None:
    with RunDir(tmp_path / "run").locked():
        done = factory(*SMALL, f"hydra.run.dir={tmp_path}/run", cwd=tmp_path)
        assert (done.code, done.err) == (2, f"hydra.run.dir: {tmp_path}/run is in use by another command\n")
        assert (tmp_path / "run" / ".lock").exists()


def test_a_saved_config_is_judged_like_a_typed_one(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    config = compose_config([]).tree
    target = config["deploy"]["target"]["saved_model"]
    for name in (str(victim), "../../victim"):
        saved = {**config, "deploy": {**config["deploy"], "target": {name: target}}}
        (tmp_path / "run" / ".hydra").mkdir(parents=True, exist_ok=True)
        (tmp_path / "run" / ".hydra" / "config.yaml").write_text(yaml.safe_dump(saved))
        done = factory("resume", f"{tmp_path}/run")
        assert done.code == 2
        assert done.err.startswith(f"{tmp_path}/run/.hydra/config.yaml: deploy.target.{name}: unknown key; takes ")
        assert len(done.err.splitlines()) == 1
        assert victim.exists()


@pytest.mark.parametrize("text", ["", "[]", "a: [", "a: &a [*a]", "&b [*b]", "x: !!timestamp y", "\0", "name: ../x"])
def test_a_saved_config_that_is_none_is_refused(text: str, tmp_path: Path) -> None:
    run = RunDir(tmp_path)
    run.config.parent.mkdir()
    run.config.write_text(text)
    done = factory("resume", str(tmp_path))
    assert done.code == 2
    assert all(line.startswith(f"{run.config}: ") for line in done.err.splitlines())
    assert done.err


def test_one_bad_file_is_one_line_and_the_others_are_listed(tmp_path: Path) -> None:
    good = {"status": "trained", "name": "good", "train": made.trained({"loss": 0.5}, 1, 1.0)}
    write_json(tmp_path / "good" / "run.json", good)
    for name, text in (("empty", ""), ("cut", '{"status": "tra'), ("null", "null"), ("other", '{"run": {"id": 7}}')):
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.json").write_text(text)
    done = factory("list", str(tmp_path))
    assert done.code == 0
    assert "good" in done.out
    assert sorted(line.partition(":")[0] for line in done.err.splitlines()) == [
        f"{tmp_path}/{name}/run.json" for name in ("cut", "empty", "null", "other")
    ]
    assert factory("report", f"{tmp_path}/cut").code == 2


def test_a_sweep_with_a_bad_run_is_reported(tmp_path: Path) -> None:
    jobs = [made.ran(made.job(tmp_path, number, f"seed={number}"), {"loss": 0.5}) for number in range(2)]
    made.sweep(tmp_path, jobs)
    (tmp_path / "1" / "run.json").write_text("null")
    done = factory("report", str(tmp_path))
    assert done.code == 1
    assert f"{tmp_path}/1/run.json: got None; takes a JSON object" in (tmp_path / "sweep.html").read_text()
    with open(tmp_path / "plan.jsonl", "a") as plan:
        plan.write("null\n")
    done = factory("report", str(tmp_path))
    assert (done.code, done.err) == (2, f"{tmp_path}/plan.jsonl, line 3: got None; takes a JSON object\n")


class Interrupting:
    """A launcher during whose first request Ctrl-C is pressed, and who watches."""

    gpu = False

    def warm(self, environment: Environment, preload: tuple[str, ...]) -> object:
        raise KeyboardInterrupt

    def submit(self, stage: Stage) -> int:
        raise AssertionError("nothing was to be submitted")

    def next_event(self) -> dict[str, Any]:
        raise AssertionError("nothing was to be waited for")

    def kill(self) -> None:
        pass

    def event(self, event: Mapping[str, Any]) -> None:
        pass


@pytest.mark.parametrize("before", [{}, {"status": "failed", "name": "mine", "overrides": ["a=1"]}])
def test_a_command_interrupted_before_it_begins_leaves_what_run_json_said(
    tmp_path: Path, before: dict[str, object]
) -> None:
    config = replace(compose_config([*SMALL, f"hydra.run.dir={tmp_path}/run"]), run_dir_given=True)
    if before:
        before = before | {"train_key": Plan(config.tree, False).train_key}
        write_json(tmp_path / "run" / "run.json", before)
    with pytest.raises(Interrupted):
        Pipeline(config, Interrupting(), Interrupting(), Clock()).execute()
    after = read_summary(RunDir(tmp_path / "run"))
    assert after
    assert (after["status"], after["exit_code"]) == ("interrupted", 130)
    assert after["name"] == before.get("name", "mlp-digits")
    assert after.get("overrides") == before.get("overrides")
