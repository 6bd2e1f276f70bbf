from __future__ import annotations

import multiprocessing
import os
import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from factory.core.errors import ConfigError
from factory.core.files import key_of, read_json, replacing_file, replacing_folder, sha256, size, write_json
from factory.core.locks import still_holds
from factory.core.rundir import RunDir


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    write_json(tmp_path / "report.json", {"status": "old"})
    with pytest.raises(RuntimeError), replacing_file(tmp_path / "report.json") as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert read_json(tmp_path / "report.json") == {"status": "old"}
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), replacing_folder(tmp_path / "artifact") as temporary:
        (temporary / "half").write_text("half")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    with replacing_folder(tmp_path / "artifact") as temporary:
        (temporary / "whole").write_text("whole")
    assert (tmp_path / "artifact" / "whole").read_text() == "whole"


def test_sha256_of_a_folder_depends_on_names_and_contents(tmp_path: Path) -> None:
    folder = tmp_path / "artifact"
    folder.mkdir()
    (folder / "a").write_text("1")
    first = sha256(folder)
    (folder / "a").rename(folder / "b")
    second = sha256(folder)
    (folder / "b").write_text("2")
    assert len({first, second, sha256(folder)}) == 3
    assert size(folder) == 1


def test_keys_do_not_depend_on_the_order_of_a_mapping() -> None:
    assert key_of({"a": 1, "b": [2]}) == key_of({"b": [2], "a": 1}) != key_of({"a": 1, "b": [3]})


def hold(path: Path, held: object, done: object) -> None:
    with RunDir(path).locked():
        held.set()  # type: ignore[attr-defined]
        done.wait(30)  # type: ignore[attr-defined]


def test_a_folder_in_use_is_refused_and_free_again_when_its_holder_is_killed(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    held, done = spawn.Event(), spawn.Event()
    holder = spawn.Process(target=hold, args=(tmp_path / "run", held, done))
    holder.start()
    assert held.wait(30)
    with (
        pytest.raises(ConfigError, match=r"^hydra.run.dir: .*run is in use by another command$"),
        RunDir(tmp_path / "run").locked(),
    ):
        pass
    holder.kill()
    holder.join()
    with RunDir(tmp_path / "run").locked():
        pass


def test_what_a_killed_stage_left_half_made_is_swept_away(tmp_path: Path) -> None:
    run = RunDir(tmp_path)
    places = [tmp_path, run.config.parent, run.train, run.checkpoint, run.deploy("onnx"), run.quarantine("onnx")]
    for folder in places:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".making-x").write_text("half")
    (tmp_path / ".making-y").mkdir()
    run.sweep_scratch()
    assert list(tmp_path.rglob(".making-*")) == []


def test_what_others_are_making_below_is_left_alone(tmp_path: Path) -> None:
    others = tmp_path / "2026-01-01" / "10-00-00" / ".making-x"
    others.mkdir(parents=True)
    RunDir(tmp_path).sweep_scratch()
    assert others.exists()


@pytest.mark.parametrize("other", ["2026-01-01", "notes.txt", "train", "sweep.json"])
def test_a_folder_that_is_no_run_is_refused(other: str, tmp_path: Path) -> None:
    (tmp_path / other).mkdir()
    with pytest.raises(ConfigError, match=rf"^hydra.run.dir: got '.*'; takes a folder that is empty .*{other}$"):
        RunDir(tmp_path).check()


def test_a_folder_that_is_empty_or_half_begun_is_a_runs(tmp_path: Path) -> None:
    run = RunDir(tmp_path)
    assert not run.check()
    (tmp_path / ".lock").touch()
    assert not run.check()
    run.config.parent.mkdir()
    assert run.check()
    write_json(run.train / "origin.json", {"run": "elsewhere"})
    assert run.check()
    write_json(run.summary, {"status": "running"})
    (tmp_path / "deploy").mkdir()
    assert run.check()


def test_a_run_with_a_link_is_refused(tmp_path: Path) -> None:
    run = RunDir(tmp_path / "run")
    run.path.mkdir()
    run.train.symlink_to(tmp_path)
    write_json(run.summary, {"status": "running"})
    with pytest.raises(ConfigError, match=r"^.*run/train: is a link; "):
        run.refuse_links()


@pytest.mark.parametrize("path", ["", "..", "../victim", "deploy/../../victim", "/etc", "link/victim"])
def test_nothing_outside_a_run_is_removed(path: str, tmp_path: Path) -> None:
    run = RunDir(tmp_path / "run")
    for folder in (run.path / "deploy", tmp_path / "victim", tmp_path / "behind" / "victim"):
        folder.mkdir(parents=True)
    (run.path / "link").symlink_to(tmp_path / "behind")
    with pytest.raises(ConfigError, match=r"^[^\n]+$"):
        run.remove(run.path / path)
    assert (tmp_path / "victim").exists()
    assert (tmp_path / "behind" / "victim").exists()


def test_a_link_is_removed_and_not_what_it_leads_to(tmp_path: Path) -> None:
    run = RunDir(tmp_path / "run")
    run.path.mkdir()
    (tmp_path / "victim").mkdir()
    run.train.symlink_to(tmp_path / "victim")
    run.remove(run.train)
    assert not run.train.is_symlink()
    assert (tmp_path / "victim").exists()


def test_a_lock_that_is_a_link_leaves_its_file_alone(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".lock").symlink_to(tmp_path / "precious")
    with pytest.raises(ConfigError, match=r"^.*\.lock: is a link"), RunDir(tmp_path / "run").locked():
        pass
    assert (tmp_path / "precious").read_text() == "precious"


def test_a_lock_in_a_folder_that_was_removed_and_made_anew_holds_nothing(tmp_path: Path) -> None:
    with RunDir(tmp_path / "run").locked() as lock:
        assert still_holds(tmp_path / "run", lock)
        shutil.rmtree(tmp_path / "run")
        assert not still_holds(tmp_path / "run", lock)
        (tmp_path / "run").mkdir()
        assert not still_holds(tmp_path / "run", lock)


@pytest.mark.parametrize(
    "text", ["", "{", "null", "[]", "7", '{"a": "\\ud800"}', "[" * 100_000, "9" * 5000, "\0"], ids=range(9)
)
def test_what_is_no_json_object_is_one_line(text: str, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(ConfigError, match=rf"^{tmp_path}/run.json: [^\n]{{1,300}}$"):
        read_json(tmp_path / "run.json")


def test_what_is_no_file_is_one_line_and_waits_for_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    for name in ("pipe", "zero", "folder", "loop", "bytes"):
        with pytest.raises(ConfigError, match=rf"^{tmp_path}/{name}: [^\n]+$"):
            read_json(tmp_path / name)
    assert read_json(tmp_path / "nowhere") is None
    assert read_json(tmp_path / "bytes" / "below") is None


def contend(path: Path, start: object, codes: object) -> None:
    start.wait(30)  # type: ignore[attr-defined]
    for _ in range(200):
        try:
            RunDir(path).check()
            with RunDir(path).locked() as lock:
                (path / ".hydra").mkdir()
                assert still_holds(path, lock)
                RunDir(path).empty()
            with suppress(OSError):
                path.rmdir()
        except ConfigError:
            continue
        except BaseException as error:
            codes.put(repr(error))  # type: ignore[attr-defined]
            raise


# Python 3.12 warns of threads: those of pytest-xdist, which the forks do without.
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_commands_that_take_a_folder_back_never_take_that_of_another(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("fork")
    start, codes = spawn.Event(), spawn.Queue()
    rivals = [spawn.Process(target=contend, args=(tmp_path / "run", start, codes)) for _ in range(3)]
    for rival in rivals:
        rival.start()
    start.set()
    for rival in rivals:
        rival.join(60)
    assert [rival.exitcode for rival in rivals] == [0, 0, 0], codes.get(timeout=1)
