"""Runs recorded by MLflow, with a real server and with its SQLite store."""

from __future__ import annotations

import csv
import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.commands import Done, factory, kill, processes_of, started, wait_until
from tests.tracking.recorded import recorded
from tests.tracking.server import mlflow_server

pytestmark = pytest.mark.slow

SMALL = ["model=mlp", "model.hidden=[16]", "train.backend=jax", "tracker=mlflow"]


def at(folder: Path) -> list[str]:
    return [f"models={folder}/models", f"hydra.run.dir={folder}/run"]


def local(folder: Path) -> str:
    """The store that a command uses by itself in this folder."""
    return f"sqlite:///{folder}/outputs/mlflow/mlflow.db"


def steps(folder: Path) -> list[int]:
    with open(folder / "run" / "train" / "history.csv", newline="") as file:
        return [int(row["epoch"]) for row in csv.DictReader(file)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with mlflow_server(tmp_path_factory.mktemp("server")) as address:
        yield address


@pytest.fixture(scope="module")
def published(server: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str], Done]:
    """A run on the server: its folder, its command, what it said."""
    folder = tmp_path_factory.mktemp("published")
    words = [*SMALL, f"tracker.uri={server}", "train.epochs=4", "deploy/target=[saved_model,onnx]", *at(folder)]
    return folder, words, factory(*words, cwd=folder)


def test_a_run_is_recorded_on_a_server(server: str, published: tuple[Path, list[str], Done]) -> None:
    folder, _, done = published
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[-1] == f"tracker: {server}"
    ((name, run),) = recorded("mlflow", server)["runs"].items()
    summary = json.loads((folder / "run" / "run.json").read_text())
    assert name == f"mlp-digits {folder.name}/run"
    assert (run["experiment"], run["status"], run["tags"]["status"]) == ("factory", "FINISHED", "published")
    assert (run["params"]["train.epochs"], run["params"]["model.hidden"]) == ("4", "[16]")
    with open(folder / "run" / "train" / "history.csv", newline="") as file:
        losses = [[int(row["epoch"]), float(row["val_loss"])] for row in csv.DictReader(file)]
    assert run["history"]["val_loss"] == losses
    assert len(losses) == 4
    metrics = summary["train"]["metrics"]
    assert {name: run["metrics"][f"final/{name}"] for name in metrics} == metrics
    for target in ("saved_model", "onnx"):
        assert run["tags"][f"gate.{target}"] == "passed"
        assert run["metrics"][f"{target}/difference"] == summary["targets"][target]["difference"]["absolute"]
    reports = ["gate/onnx/report.json", "gate/saved_model/report.json"]
    files = ["config.yaml", "gate.md", *reports, "history.csv", "model/model.keras", "model_card.md", "report.html"]
    assert run["files"] == files


@pytest.mark.parametrize("target", ["saved_model", "onnx"])
def test_the_registered_model_answers_as_the_trained_one(
    server: str, published: tuple[Path, list[str], Done], target: str
) -> None:
    folder, _, _ = published
    found = recorded("predict", server, "models:/mlp-digits/1", target, str(folder / "run"), cwd=folder)
    assert found["difference"] < 1e-5
    tensor = {"name": "pixels", "type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 64]}}
    assert found["signature"]["inputs"] == [tensor]
    versions = recorded("mlflow", server)["models"]["mlp-digits"]
    assert versions["1"]["tags"][target] == f"{target}/mlp-digits/1"


def test_the_same_command_again_records_nothing_twice(server: str, published: tuple[Path, list[str], Done]) -> None:
    folder, words, _ = published
    before = recorded("mlflow", server)
    again = factory(*words, cwd=folder)
    assert (again.code, again.err) == (0, "")
    assert recorded("mlflow", server) == before


def test_no_path_of_this_machine_goes_into_tags_or_with_the_model(tmp_path: Path) -> None:
    done = factory(*SMALL, "train.epochs=1", "deploy/target=[onnx]", *at(tmp_path), cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    found = recorded("mlflow", local(tmp_path))
    (run,) = found["runs"].values()
    assert run["tags"]["folder"] == f"{tmp_path.name}/run"
    assert str(tmp_path) not in json.dumps([run["tags"], found["models"]["mlp-digits"]["1"]["tags"]])
    (model,) = tmp_path.rglob("MLmodel")
    assert str(tmp_path) not in model.read_text()
    assert str(tmp_path) not in (tmp_path / "models" / "onnx" / "mlp-digits" / "1" / "factory.json").read_text()


def test_a_tracker_that_is_turned_on_later_trains_nothing(tmp_path: Path) -> None:
    words = [*SMALL, "train.epochs=2", "deploy=none", *at(tmp_path)]
    assert factory(*words, "tracker=none", cwd=tmp_path).code == 0
    assert not (tmp_path / "outputs").exists()
    report = (tmp_path / "run" / "train" / "report.json").read_bytes()
    done = factory(*words, cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert (tmp_path / "run" / "train" / "report.json").read_bytes() == report
    (run,) = recorded("mlflow", local(tmp_path))["runs"].values()
    assert [step for step, _ in run["history"]["loss"]] == [1, 2]
    assert run["status"] == "FINISHED"


def test_a_run_that_fails_is_recorded_as_failed(tmp_path: Path) -> None:
    words = [*SMALL, "data=diabetes", "optimizer=sgd", "optimizer.learning_rate=1e30", *at(tmp_path)]
    done = factory(*words, cwd=tmp_path)
    assert done.code == 3
    (run,) = recorded("mlflow", local(tmp_path))["runs"].values()
    assert (run["status"], run["tags"]["status"]) == ("FAILED", "failed")
    assert run["tags"]["error"] == done.err.strip()


def test_data_that_is_refused_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "no.csv").write_text("a,b\n")
    done = factory(*SMALL, "data=csv", "data.path=no.csv", "data.target=b", "data.task=regression", cwd=tmp_path)
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / "no.csv"]


def test_a_resumed_run_goes_on_in_the_same_run(tmp_path: Path) -> None:
    """Interrupted, resumed, killed, resumed: one run, each epoch once."""
    words = [*SMALL, "train.epochs=400", "deploy=none", *at(tmp_path)]
    words[-1] = f"hydra.run.dir={tmp_path}/run"
    store = [f"tracker.uri={local(tmp_path)}"]

    def the_run() -> dict[str, Any]:
        (run,) = recorded("mlflow", local(tmp_path))["runs"].values()
        return dict(run)

    def reached(epochs: int) -> bool:
        return (tmp_path / "run" / "train" / "history.csv").exists() and len(steps(tmp_path)) >= epochs

    with started(*store, *words, log=tmp_path / "log.txt") as process:
        wait_until(lambda: reached(5) and (tmp_path / "run" / "tracker.json").exists())
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130
    first = the_run()
    assert (first["status"], first["tags"]["status"]) == ("KILLED", "interrupted")
    told = len(steps(tmp_path))
    with started(*store, *words, log=tmp_path / "log.txt") as process:
        wait_until(lambda: reached(told + 5))
        kill(process)
        wait_until(lambda: processes_of(process) == [])
    assert len(steps(tmp_path)) < 400
    assert the_run()["status"] == "KILLED"
    done = factory(*store, *words)
    assert (done.code, done.err) == (0, "")
    last = the_run()
    assert (last["id"], last["status"]) == (first["id"], "FINISHED")
    assert [step for step, _ in last["history"]["val_loss"]] == list(range(1, 401))


def test_jobs_of_a_sweep_are_nested_in_its_run(tmp_path: Path) -> None:
    words = [
        "-m",
        *SMALL,
        "model.hidden=[8],[16]",
        "deploy=serving,none",
        "train.epochs=2",
        f"models={tmp_path}/models",
    ]
    words.append(f"hydra.sweep.dir={tmp_path}/sweep")
    done = factory(*words, cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    found = recorded("mlflow", local(tmp_path))
    whole = found["runs"].pop(f"sweep {tmp_path.name}/sweep")
    assert whole["status"] == "FINISHED"
    assert whole["metrics"]["done"] == 4
    assert {"leaderboard.csv", "best.yaml"} <= set(whole["files"])
    assert set(found["runs"]) == {f"job {number}" for number in range(4)}
    for name, run in found["runs"].items():
        assert run["tags"]["mlflow.parentRunId"] == whole["id"], name
        assert run["status"] == "FINISHED"
        assert [step for step, _ in run["history"]["loss"]] == [1, 2]  # also where another job trained
    assert set(found["models"]["mlp-digits"]) == {"1", "2"}
    again = factory(*words, cwd=tmp_path)
    assert (again.code, again.err) == (0, "")
    after = recorded("mlflow", local(tmp_path))
    assert after["runs"].pop(f"sweep {tmp_path.name}/sweep")["id"] == whole["id"]
    assert after == found
