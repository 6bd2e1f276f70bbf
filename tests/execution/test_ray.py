"""Sweeps on a real Ray: of our own, and of two nodes one of which is lost."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from factory.core.errors import MissingPackage
from factory.execution.requirements import ClusterSettings
from factory.sweep.settings import Settings
from hydra_plugins.factory_sweep import FactoryRayLauncherConf
from tests.commands import ROOT, factory, kill, processes_of, started, wait_until
from tests.execution.nodes import Nodes, free_port, quiet, two_nodes
from tests.sweep.test_sweeps import board, epochs, record, sweep
from tests.weights import same_weights

pytest.importorskip("ray")
pytestmark = pytest.mark.slow

ON_RAY = "hydra/launcher=factory_ray"
LONG = ["model.hidden=[16],[32],[8]", "model.dropout=0.3", "train.backend=jax", "deploy=none", "train.epochs=200"]


def at(folder: Path) -> list[str]:
    """Overrides that keep a sweep in a test's folder; the last word marks its processes."""
    return [f"models={folder}/models", f"hydra.sweep.dir={folder}/sweep"]


@pytest.fixture(autouse=True)
def without_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ray writes a token into the home folder unless it is told not to."""
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")


@pytest.fixture(scope="module")
def living() -> Iterator[Nodes]:
    with two_nodes() as nodes:
        yield nodes


@pytest.fixture
def nodes(living: Nodes) -> Nodes:
    return living.whole()


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The jobs that the tests move and kill, undisturbed on this machine."""
    folder = tmp_path_factory.mktemp("local")
    assert sweep(folder, *LONG, "launcher.threads=1").code == 0
    return folder


def all_as(folder: Path, other: Path, jobs: int) -> bool:
    return all(same_weights(folder / "sweep" / str(job), other / "sweep" / str(job)) for job in range(jobs))


def test_ray_of_our_own_trains_to_the_same_weights_and_leaves_nothing(tmp_path: Path) -> None:
    words = ["model.hidden=[16],[32]", "train.backend=torch,jax", "deploy=serving", "train.epochs=2"]
    there, here = tmp_path / "there", tmp_path / "here"
    there.mkdir()
    with started("-m", *words, ON_RAY, *at(there), log=there / "log.txt") as process:
        assert process.wait(timeout=300) == 0, (there / "log.txt").read_text()
        wait_until(lambda: processes_of(process) == [])
    assert [row["status"] for row in board(there)] == ["published"] * 4
    shown = (there / "log.txt").read_text()
    assert shown.count("published") >= 4 and "WARN" not in shown and "ray.io" not in shown
    assert sweep(here, *words, f"launcher.threads={record(there)['threads']}").code == 0
    assert all_as(there, here, 4)


def test_single_run_has_its_stages_on_the_cluster(tmp_path: Path) -> None:
    words = ["model.hidden=[16]", "train.backend=jax", "train.epochs=2", ON_RAY, f"hydra.run.dir={tmp_path}/run"]
    with started(*words, f"models={tmp_path}/models", log=tmp_path / "log.txt") as process:
        assert process.wait(timeout=300) == 0, (tmp_path / "log.txt").read_text()
        wait_until(lambda: processes_of(process) == [])
    summary = json.loads((tmp_path / "run" / "run.json").read_text())
    assert (summary["status"], summary["threads"]) == ("published", 1)  # as many threads as a stage reserves processors
    refused = factory("train.backend=jax", ON_RAY, "launcher.storage=file:///nowhere", cwd=tmp_path)
    assert refused.err == "launcher.storage: is of sweeps only; a single run needs a folder that every node shares\n"


def test_interrupted_and_killed_commands_leave_nothing_and_go_on_without_ray(tmp_path: Path, local: Path) -> None:
    words = ["-m", *LONG, *at(tmp_path)]
    on_ray = [*words[:1], ON_RAY, *words[1:]]
    with started(*on_ray, log=tmp_path / "log.txt") as process:
        wait_until(lambda: epochs(tmp_path, 0) > 5)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=120) == 130, (tmp_path / "log.txt").read_text()
        wait_until(lambda: processes_of(process) == [])
    reached = epochs(tmp_path, 0)
    with started(*on_ray, log=tmp_path / "log.txt") as process:
        wait_until(lambda: epochs(tmp_path, 0) > reached + 5)
        kill(process)
        wait_until(lambda: processes_of(process) == [])
    assert epochs(tmp_path, 0) < 200
    assert factory(*words).code == 0
    assert all_as(tmp_path, local, 3)


def on(nodes: Nodes, folder: Path, *words: str) -> list[str]:
    return ["-m", f"launcher.address={nodes.address}", *words, ON_RAY, *at(folder)]


def test_commands_that_end_take_their_actors_with_them(nodes: Nodes, tmp_path: Path) -> None:
    for end, code in ((signal.SIGINT, 130), (signal.SIGKILL, -9)):
        with started(*on(nodes, tmp_path, *LONG), log=tmp_path / "log.txt") as process:
            reached = epochs(tmp_path, 0)
            wait_until(lambda reached=reached: epochs(tmp_path, 0) > reached + 5)  # type: ignore[misc]
            assert nodes.head.ours() and nodes.second.ours()
            process.send_signal(end)
            assert process.wait(timeout=120) == code
            wait_until(lambda: nodes.ours() == [])


def test_what_the_cluster_cannot_do_is_refused_in_a_line(nodes: Nodes, tmp_path: Path) -> None:
    words = ["-m", "seed=1,2", "deploy=none", ON_RAY, f"launcher.address={nodes.address}"]
    few = factory(*words, "launcher.gpus=3", *at(tmp_path))
    asked = "1 CPUs, 3 GPUs and 1 GiB"
    assert few.err == f"launcher: got {asked} for each stage; no node of the cluster has as much\n"
    near = ["data=csv", "data.path=near.csv", "data.target=y", "data.task=regression"]
    table = factory(*words, *near, f"launcher.storage=file://{tmp_path}/bucket", *at(tmp_path))
    assert table.err.startswith("data.path: got 'near.csv'; takes an absolute path that every node has: ")
    device = factory(*words, "train.device=gpu", *at(tmp_path))
    assert device.err == "train.device: got 'gpu', and launcher.gpus gives it none; takes auto, cpu or gpu\n"
    assert [few.code, table.code, device.code] == [2, 2, 2]
    assert not (tmp_path / "sweep").exists()


def test_address_where_nobody_answers_is_a_line(tmp_path: Path) -> None:
    done = factory("-m", "seed=1,2", "deploy=none", ON_RAY, f"launcher.address=127.0.0.1:{free_port()}", *at(tmp_path))
    assert done.code == 2
    assert done.err.startswith("launcher.address: got '127.0.0.1:") and done.err.count("\n") == 1
    assert not (tmp_path / "sweep").exists()


@pytest.mark.parametrize("way", ["shared", "url"])
def test_jobs_of_a_lost_node_go_on_elsewhere(way: str, nodes: Nodes, local: Path, tmp_path: Path) -> None:
    """From their last checkpoint: what was logged of the epochs before it was not logged again."""
    bucket = tmp_path / "bucket"
    storage = [f"launcher.storage=file://{bucket}"] if way == "url" else []
    with started(*on(nodes, tmp_path, *LONG, *storage), log=tmp_path / "log.txt") as process:
        wait_until(lambda: len(under_way(tmp_path)) == 2)
        assert nodes.head.ours() and nodes.second.ours()
        before = under_way(tmp_path)
        nodes.second.kill()
        assert process.wait(timeout=300) == 0, (tmp_path / "log.txt").read_text()
    assert [row["status"] for row in board(tmp_path)] == ["trained"] * 3
    for job, rows in before.items():
        assert (tmp_path / "sweep" / job / "train" / "history.csv").read_text().startswith(rows)
    assert all_as(tmp_path, local, 3)
    assert not list((tmp_path / "sweep").glob("*/train/checkpoint/*"))


def under_way(folder: Path) -> dict[str, str]:
    """What jobs have logged so far, in the sweep's folder or behind its URL, of those with a few epochs."""
    logged = {path.parts[-3]: path.read_text() for path in folder.glob("**/[0-9]/train/history.csv")}
    return {job: rows for job, rows in logged.items() if rows.count("\n") > 5}


def test_parent_without_the_nodes_folders_publishes_what_they_made(nodes: Nodes, tmp_path: Path) -> None:
    words = ["model.hidden=[16]", "train.backend=torch,jax", "deploy=serving,edge", "train.epochs=2"]
    storage = [f"launcher.storage=file://{tmp_path}/bucket", f"launcher.address={nodes.from_afar}"]
    done = factory(*on(nodes, tmp_path, *words, *storage))
    assert done.code == 0, done.out + done.err
    assert [row["status"] for row in board(tmp_path)] == ["published"] * 4
    assert "2 trainings served 4 jobs" in done.out
    again = factory(*on(nodes, tmp_path, *words, *storage))
    assert again.out.count("kept from before") == 4


SLOTS = """
import json, queue, sys
from pathlib import Path
from factory.execution.requirements import ClusterSettings, NodeRequirements
from factory.execution.ray.cluster import RayCluster
here = Path.cwd()
settings, requirements = ClusterSettings(sys.argv[1], cpus=0.5, gpus=1), NodeRequirements(here, here, None, {})
cluster = RayCluster(settings, None, None, 10, requirements, {})
events = queue.Queue()
cluster.open(events)
print(json.dumps([dict(events.get(timeout=60)["slot"].variables) for _ in range(cluster.limit)]))
cluster.close()
"""


def test_each_stage_has_gpus_of_its_own(nodes: Nodes) -> None:
    command = [sys.executable, "-W", "error", "-c", SLOTS, nodes.address]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=quiet(), cwd=ROOT)
    assert done.returncode == 0, done.stderr
    found = sorted(variables["CUDA_VISIBLE_DEVICES"] for variables in json.loads(done.stdout))
    assert found == ["0", "1"]


def test_without_ray_the_pip_command_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {name: value for name, value in vars(FactoryRayLauncherConf()).items() if name != "_target_"}
    assert Settings.of(given).cluster == ClusterSettings()
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingPackage, match=r"pip install 'factory\[ray\]'"):
        Settings.of(given)
