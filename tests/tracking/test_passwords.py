"""A password in a tracker's URL goes to the tracker's process and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from factory.config.composition.compose import compose_config
from factory.core.passwords import without_passwords
from factory.sweep.command import resumed
from factory.tracking.process import Process
from tests.commands import factory

PASSWORD = "correct-horse"
URI = f"http://bob:{PASSWORD}@127.0.0.1:9"
WORDS = ["tracker=mlflow", f"tracker.uri={URI}"]


def test_config_keeps_the_url_without_it_and_tells_the_tracker_the_whole() -> None:
    composed = compose_config(WORDS)
    kept = [composed.tree, composed.overrides, composed.hydra]
    assert PASSWORD not in yaml.safe_dump(json.loads(json.dumps(kept))) and PASSWORD not in repr(composed)
    assert composed.tree["tracker"]["uri"] == "http://bob@127.0.0.1:9"
    assert composed.tracker is not None and composed.tracker["uri"] == URI


@pytest.mark.slow
def test_arguments_of_the_trackers_process_do_not_hold_it() -> None:
    node = compose_config(WORDS).tracker
    assert node is not None
    process = Process(node)
    try:
        assert PASSWORD.encode() not in Path(f"/proc/{process.child.pid}/cmdline").read_bytes()
    finally:
        process.close()


@pytest.mark.slow
def test_no_file_and_no_line_of_a_run_or_a_sweep_holds_it(tmp_path: Path) -> None:
    small = ["model.hidden=[4]", "train.epochs=1", "deploy=none", f"models={tmp_path}/models", *WORDS]
    one = factory(*small, f"hydra.run.dir={tmp_path}/run", cwd=tmp_path)
    more = factory("-m", *small, "seed=1,2", f"hydra.sweep.dir={tmp_path}/sweep", cwd=tmp_path)
    assert (one.code, more.code) == (0, 0), one.err + more.err
    assert PASSWORD not in one.out + one.err + more.out + more.err
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 20
    assert [path for path in files if PASSWORD.encode() in path.read_bytes()] == []


def test_sweep_is_found_again_by_the_words_with_the_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = Path("outputs", "sweeps", "2026-01-01", "10-00-00")
    folder.mkdir(parents=True)
    aims = [{"metric": "loss", "mode": "min"}]
    command = without_passwords(["seed=1,2", *WORDS])
    (folder / "sweep.json").write_text(json.dumps({"command": command, "status": "done", "aims": aims}))
    assert resumed(["seed=1,2", *WORDS, "sweep=resume"])[1:] == [*WORDS, f"hydra.sweep.dir={folder}"]


def test_only_passwords_are_taken_out() -> None:
    kept = ["http://host:5000/a@b", "sqlite:///outputs/a.db", "http://bob@host", "s3://bucket/a:b", "a:b@c"]
    assert without_passwords(kept) == kept
    assert without_passwords({"a": ["postgresql://u:p@ss@h:1/d"]}) == {"a": ["postgresql://u@h:1/d"]}
