from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from factory.errors import ConfigError
from factory.rundir import RunDir, key_of, making, read_json, replacing, sha256, size, write_json


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    write_json(tmp_path / "report.json", {"status": "old"})
    with pytest.raises(RuntimeError), replacing(tmp_path / "report.json") as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert read_json(tmp_path / "report.json") == {"status": "old"}
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), making(tmp_path / "artifact") as temporary:
        (temporary / "half").write_text("half")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    with making(tmp_path / "artifact") as temporary:
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
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / ".making-x").write_text("half")
    (tmp_path / ".making-y").mkdir()
    run.sweep_scratch()
    assert [path.name for path in tmp_path.iterdir()] == ["train"]
    assert list((tmp_path / "train").iterdir()) == []
