"""Run folders and their run_folders behind a URL."""

from __future__ import annotations

from pathlib import Path

import pytest

from factory.core.errors import ConfigError, FactoryError
from factory.execution.ray.run_folders import url_of
from factory.execution.ray.sync import FolderSync


def contents(folder: Path) -> dict[str, str]:
    return {p.relative_to(folder).as_posix(): p.read_text() for p in folder.rglob("*") if p.is_file()}


def fill(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".new").write_text(text)
        path.with_suffix(".new").replace(path)


@pytest.fixture
def sides(tmp_path: Path) -> tuple[FolderSync, FolderSync]:
    """A parent's folder and a node's, with a copy between them."""
    url = f"file://{tmp_path}/bucket/run"
    return FolderSync(tmp_path / "parent", url, "train/checkpoint"), FolderSync(tmp_path / "node", url)


def test_what_changes_on_a_node_arrives_and_what_is_gone_goes(sides: tuple[FolderSync, FolderSync]) -> None:
    parent, node = sides
    fill(parent.folder, run="1", deploy__a="old", **{".lock": "", "deploy/.making-x": "half"})
    parent.send()
    node.fetch()
    assert contents(node.folder) == {"run": "1", "deploy/a": "old"}
    (node.folder / "deploy" / "a").unlink()
    fill(node.folder, run="2", quarantine__a="new", train__checkpoint__state="large")
    node.send()
    parent.fetch()
    kept = {".lock": "", "deploy/.making-x": "half"}
    assert contents(parent.folder) == {"run": "2", "quarantine/a": "new", **kept}
    fill(parent.folder, run="3")
    parent.send()
    node.fetch()
    assert contents(node.folder) == {"run": "3", "quarantine/a": "new", "train/checkpoint/state": "large"}


def test_new_parent_removes_what_it_does_not_have_but_for_the_checkpoint(
    sides: tuple[FolderSync, FolderSync], tmp_path: Path
) -> None:
    parent, node = sides
    fill(node.folder, run="1", stale="x", train__checkpoint__state="large")
    node.send()
    fill(parent.folder, run="2")
    parent.send()
    assert contents(tmp_path / "bucket" / "run") == {"run": "2", "train/checkpoint/state": "large"}


def test_only_what_changed_is_sent(sides: tuple[FolderSync, FolderSync], tmp_path: Path) -> None:
    parent, _ = sides
    fill(parent.folder, a="1", b="1")
    parent.send()
    before = {path.name: path.stat().st_ino for path in (tmp_path / "bucket" / "run").iterdir()}
    fill(parent.folder, b="2")
    parent.send()
    after = {path.name: path.stat().st_ino for path in (tmp_path / "bucket" / "run").iterdir()}
    assert before["a"] == after["a"] and before["b"] != after["b"]


def test_url_that_cannot_be_reached_is_a_line(tmp_path: Path) -> None:
    (tmp_path / "bucket").write_text("a file where a folder should be")
    fill(tmp_path / "parent", run="1")
    sync = FolderSync(tmp_path / "parent", f"file://{tmp_path}/bucket/run")
    with pytest.raises(FactoryError, match=r"^launcher\.storage: file://.*/bucket/run: .*Not a directory"):
        sync.send()
    with pytest.raises(ConfigError, match=r"launcher\.storage: got 'nosuch://x'; takes a URL that fsspec opens"):
        url_of(tmp_path, "nosuch://x")


def test_folder_of_a_sweep_is_its_own_and_stays(tmp_path: Path) -> None:
    one, other = tmp_path / "a" / "sweep", tmp_path / "b" / "sweep"
    first = url_of(one, "memory://bucket/")
    assert first.startswith("memory://bucket/sweep-")
    assert url_of(one, "memory://bucket/") == first
    assert url_of(other, "memory://bucket/") != first
    assert url_of(one, "memory://elsewhere").startswith("memory://elsewhere/sweep-")
