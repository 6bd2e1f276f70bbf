"""Sweeps on a real Ray: of our own, and of two nodes one of which is lost."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import Done, factory, kill, processes_of, started, wait_until
from tests.launchers.nodes import Node, two_nodes
from tests.sweep.test_sweeps import board, epochs, record, same_weights, sweep

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
def cluster() -> Iterator[tuple[str, Node, Node]]:
    with two_nodes() as nodes:
        yield nodes


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
        wait_until(lambda: processes_of(process) == [], seconds=5)
    assert [row["status"] for row in board(there)] == ["published"] * 4
    shown = (there / "log.txt").read_text()
    assert shown.count("published") >= 4 and "WARN" not in shown and "ray.io" not in shown
    assert sweep(here, *words, f"launcher.threads={record(there)['threads']}").code == 0
    assert all_as(there, here, 4)


def test_interrupted_and_killed_commands_leave_nothing_and_go_on_without_ray(tmp_path: Path, local: Path) -> None:
    words = ["-m", *LONG, *at(tmp_path)]
    on_ray = [*words[:1], ON_RAY, *words[1:]]
    with started(*on_ray, log=tmp_path / "log.txt") as process:
        wait_until(lambda: epochs(tmp_path, 0) > 5)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 130, (tmp_path / "log.txt").read_text()
        wait_until(lambda: processes_of(process) == [], seconds=5)
    reached = epochs(tmp_path, 0)
    with started(*on_ray, log=tmp_path / "log.txt") as process:
        wait_until(lambda: epochs(tmp_path, 0) > reached + 5)
        kill(process)
        wait_until(lambda: processes_of(process) == [], seconds=30)
    assert epochs(tmp_path, 0) < 200
    assert factory(*words).code == 0
    assert all_as(tmp_path, local, 3)


def on_cluster(folder: Path, address: str, *words: str) -> list[str]:
    return ["-m", *words, ON_RAY, f"launcher.address={address}", *at(folder)]


def ours(*nodes: Node) -> list[int]:
    return [number for node in nodes for words in ("factory.worker", "ray::Keeper") for number in node.processes(words)]


def test_commands_that_end_take_their_actors_with_them(cluster: tuple[str, Node, Node], tmp_path: Path) -> None:
    address, *nodes = cluster
    words = on_cluster(tmp_path, address, *LONG)
    for end, code in ((signal.SIGINT, 130), (signal.SIGKILL, -9)):
        with started(*words, log=tmp_path / "log.txt") as process:
            reached = epochs(tmp_path, 0)
            wait_until(lambda reached=reached: epochs(tmp_path, 0) > reached + 5)  # type: ignore[misc]
            assert all(ours(node) for node in nodes)
            process.send_signal(end)
            assert process.wait(timeout=20) == code
            wait_until(lambda: ours(*nodes) == [], seconds=30)


def refused(*words: str) -> Done:
    done = factory("-m", "seed=1,2", "deploy=none", ON_RAY, *words)
    assert done.code == 2, done.out + done.err
    return done


def test_what_the_cluster_does_not_hold_is_refused_in_a_line(cluster: tuple[str, Node, Node], tmp_path: Path) -> None:
    address, *_ = cluster
    done = refused("launcher.gpus=1", f"launcher.address={address}", *at(tmp_path))
    assert done.err == ("launcher: got 1 CPUs, 1 GPUs and 1 GiB for each stage; no node of the cluster has as much\n")
    assert not (tmp_path / "sweep").exists()


# The last one: the cluster has one node afterwards.
def test_jobs_of_a_lost_node_go_on_elsewhere(cluster: tuple[str, Node, Node], local: Path, tmp_path: Path) -> None:
    address, head, second = cluster
    with started(*on_cluster(tmp_path, address, *LONG), log=tmp_path / "log.txt") as process:
        wait_until(lambda: min(epochs(tmp_path, 0), epochs(tmp_path, 1)) > 5)
        assert ours(head) and ours(second)
        before = [epochs(tmp_path, 0), epochs(tmp_path, 1)]
        second.kill()
        assert process.wait(timeout=300) == 0, (tmp_path / "log.txt").read_text()
    assert max(before) < 200
    assert [row["status"] for row in board(tmp_path)] == ["trained"] * 3
    assert all_as(tmp_path, local, 3)
