"""How a command ends when its terminal, its machine or a signal gets in the way: the true exit code and one line."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from factory.core import messages
from tests.commands import FACTORY, Done, environment, factory, kill, processes_of, started, wait_until

pytestmark = pytest.mark.slow

SMALL = ["model=mlp", "train.backend=jax", "train.epochs=1", "deploy=none"]
LONG = ["model=mlp", "train.backend=jax", "train.epochs=100000", "deploy=none"]


def shell(script: str, folder: Path, **variables: str) -> Done:
    """Run a bash script, in which ``$factory`` is the command, in a folder."""
    words = {**environment(), "factory": shlex.join(FACTORY), **variables}
    found = subprocess.run(["bash", "-c", script], cwd=folder, env=words, capture_output=True, text=True, timeout=300)
    return Done(found.returncode, found.stdout, found.stderr)


def words(folder: Path, *more: str) -> str:
    return shlex.join([*SMALL, *more, f"models={folder}/models", f"hydra.run.dir={folder}/run"])


def status(folder: Path) -> str:
    return str(json.loads((folder / "run" / "run.json").read_text())["status"])


def test_keras_that_cannot_be_imported_fails_the_training(tmp_path: Path) -> None:
    (tmp_path / "keras").mkdir()
    (tmp_path / "keras" / "__init__.py").write_text("raise ImportError\n")
    path = f"{tmp_path}:{environment()['PYTHONPATH']}"
    done = shell(f"$factory {words(tmp_path)}", tmp_path, PYTHONPATH=path)
    assert done.code == 3
    assert done.err == f"jax worker: ImportError, raised in {tmp_path}/keras/__init__.py, line 1\n"
    assert status(tmp_path) == "failed"


def test_too_little_memory_for_a_worker_fails_the_training(tmp_path: Path) -> None:
    done = shell(f"ulimit -v 400000; $factory {words(tmp_path)}", tmp_path)
    assert done.code == 3
    assert len(done.err.splitlines()) == 1
    assert "Traceback" not in done.err


def test_full_stdout_costs_the_words_and_not_the_training(tmp_path: Path) -> None:
    done = shell(f"$factory {words(tmp_path)} > /dev/full", tmp_path)
    assert done.code == 1
    assert done.err == "stdout: No space left on device: what was to be printed from there on is lost\n"
    assert status(tmp_path) == "trained"


def test_reader_that_leaves_does_not_end_a_training(tmp_path: Path) -> None:
    done = shell(f"$factory {words(tmp_path)} | head -c 1; exit ${{PIPESTATUS[0]}}", tmp_path)
    assert (done.code, done.out, done.err) == (0, "t", "")
    assert status(tmp_path) == "trained"


def test_reader_that_leaves_does_not_change_the_exit_code(tmp_path: Path) -> None:
    words = "data=diabetes optimizer=sgd optimizer.learning_rate=1e30 train.backend=jax deploy=none"
    folders = f"models={tmp_path}/models hydra.run.dir={tmp_path}/run"
    done = shell(f"$factory {words} {folders} 2>&1 | head -c 1; exit ${{PIPESTATUS[0]}}", tmp_path)
    assert done.code == 3
    assert status(tmp_path) == "failed"


def test_closed_stdout_costs_nothing(tmp_path: Path) -> None:
    done = shell(f"$factory {words(tmp_path)} >&-", tmp_path)
    assert (done.code, done.err) == (0, "")
    assert status(tmp_path) == "trained"


def test_reader_of_a_help_text_that_leaves_is_no_failure(tmp_path: Path) -> None:
    done = shell("$factory --help | head -c 1; exit ${PIPESTATUS[0]}", tmp_path)
    assert (done.code, done.err) == (0, "")


def test_sigterm_ends_a_run_that_a_script_started_in_the_background(tmp_path: Path) -> None:
    """A shell without job control starts what is in the background with SIGINT ignored."""
    folders = shlex.join([*LONG, f"models={tmp_path}/models", f"hydra.run.dir={tmp_path}/run"])
    history = tmp_path / "run" / "train" / "history.csv"
    script = f"$factory {folders} & until test -e {history}; do sleep 0.05; done; kill -TERM $!; wait $!"
    done = shell(script, tmp_path)
    assert done.code == 130
    assert done.err == f"interrupted; go on with: python -m factory resume {tmp_path}/run\n"
    assert status(tmp_path) == "interrupted"


def test_killed_parent_of_stopped_processes_leaves_nothing_behind(tmp_path: Path) -> None:
    with started(*LONG, f"hydra.run.dir={tmp_path}/run", log=tmp_path / "log.txt") as process:
        wait_until((tmp_path / "run" / "train" / "history.csv").exists)
        children = [number for number in processes_of(process) if number != process.pid]
        assert len(children) >= 2  # the worker and its job
        for number in children:
            os.kill(number, signal.SIGSTOP)
        kill(process)
        wait_until(lambda: processes_of(process) == [])


def test_training_that_takes_longer_than_its_timeout_is_ended(tmp_path: Path) -> None:
    with started(*LONG, "train.timeout=3", f"hydra.run.dir={tmp_path}/run", log=tmp_path / "log.txt") as process:
        assert process.wait(timeout=120) == 3
        assert processes_of(process) == []
    last = (tmp_path / "log.txt").read_text().splitlines()[-2:]
    assert "train.timeout: training took longer than 3 s and was ended" in last
    assert status(tmp_path) == "failed"


def test_exports_that_take_longer_than_their_timeout_are_ended(tmp_path: Path) -> None:
    words = ["model=mlp", "train.backend=jax", "train.epochs=1", "deploy.timeout=0.01"]
    done = factory(*words, f"models={tmp_path}/models", f"hydra.run.dir={tmp_path}/run")
    assert done.code == 4
    assert "deploy.timeout: exporting saved_model under tensorflow took longer than 0.01 s and was ended" in done.err
    assert status(tmp_path) == "failed"


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of its own; needs root, without which there is nothing to see here."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def read_only(folder: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", folder], check=True)


def may_mount() -> bool:
    return os.geteuid() == 0 and subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode == 0


needs_mount = pytest.mark.skipif(not may_mount(), reason="making a small or read-only disk needs root")
RUN_DIR = "hydra.run.dir: got {}; takes a folder that can be made and written: {}\n"


def in_the_way(folder: Path) -> str:
    (folder / "run").write_text("")
    return f"hydra.run.dir: got '{folder}/run'; takes a folder, and this is a file\n"


def below_a_file(folder: Path) -> str:
    (folder / "file").write_text("")
    (folder / "run").symlink_to(folder / "file" / "run")
    return RUN_DIR.format(messages.shown(str(folder / "run")), "is no folder")


@pytest.mark.parametrize("fault", [in_the_way, below_a_file])
def test_run_folder_that_is_none_is_refused(fault: Callable[[Path], str], tmp_path: Path) -> None:
    said = fault(tmp_path)
    done = factory(*SMALL, f"hydra.run.dir={tmp_path}/run")
    assert (done.code, done.err) == (2, said)


def test_name_that_is_too_long_is_refused(tmp_path: Path) -> None:
    done = factory(*SMALL, f"hydra.run.dir={tmp_path}/{'x' * 300}")
    assert done.code == 2
    assert done.err.startswith("hydra.run.dir: got ") and done.err.endswith("File name too long\n")
    assert len(done.err.splitlines()) == 1


def test_outputs_that_lead_nowhere_are_refused(tmp_path: Path) -> None:
    (tmp_path / "outputs").symlink_to(tmp_path / "nowhere")
    done = factory(*SMALL, cwd=tmp_path, timeout=60)
    assert done.code == 2
    assert done.err.startswith("hydra.run.dir: got 'outputs/") and done.err.endswith(": outputs: is no folder\n")


@needs_mount
def test_disk_that_is_full_from_the_start_is_refused(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "64k") as disk:
        (disk / "data").write_bytes(b"x" * 60_000)
        done = factory(*SMALL, f"hydra.run.dir={disk}/run")
        assert done.code == 2
        assert done.err == RUN_DIR.format(messages.shown(str(disk / "run")), "No space left on device")
        assert not (disk / "run").exists()


@needs_mount
def test_disk_that_fills_up_while_training_fails_the_training(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "400k") as disk:
        done = factory(*SMALL, "model.hidden=[1024]", f"hydra.run.dir={disk}/run")
        assert done.code == 3
        assert done.err.splitlines() == [
            f"report: {disk}/run: not written: No space left on device",
            f"train: {disk}/run: No space left on device",
        ]
        assert status(disk) == "failed"


@needs_mount
def test_read_only_folders_can_be_looked_at_and_not_resumed(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "20m") as disk:
        assert factory(*SMALL, f"hydra.run.dir={disk}/run").code == 0
        summary = json.loads((disk / "run" / "run.json").read_text())
        (disk / "killed").mkdir()
        (disk / "killed" / "run.json").write_text(json.dumps({**summary, "status": "running"}))
        (disk / "run" / "report.html").unlink()
        read_only(disk)
        resumed = factory("resume", f"{disk}/run")
        assert (resumed.code, resumed.err) == (
            2,
            RUN_DIR.format(messages.shown(str(disk / "run")), "Read-only file system"),
        )
        listed = factory("list", str(disk))
        assert (listed.code, listed.err) == (0, "")
        assert "killed" in listed.out and "trained" in listed.out
        shown = factory("report", f"{disk}/run")
        assert shown.code == 0
        assert shown.err == f"report: {disk}/run: not written: Read-only file system\n"
        fresh = factory(*SMALL, f"hydra.run.dir={disk}/fresh")
        assert (fresh.code, fresh.err) == (
            2,
            RUN_DIR.format(messages.shown(str(disk / "fresh")), "Read-only file system"),
        )
        swept = factory("-m", *SMALL, "seed=1,2", f"hydra.sweep.dir={disk}/sweep")
        assert swept.code == 2
        assert len(swept.err.splitlines()) == 1 and messages.shown(f"{disk}/sweep") in swept.err


def test_ctrl_c_while_the_command_is_being_imported_ends_it_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "rich").mkdir()
    (tmp_path / "rich" / "__init__.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    done = shell("$factory --help", tmp_path, PYTHONPATH=f"{tmp_path}:{environment()['PYTHONPATH']}")
    assert (done.code, done.out, done.err) == (130, "", "")
