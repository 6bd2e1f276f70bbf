from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from factory.errors import PublishError
from factory.publish import publish
from factory.rundir import read_json


def artifact(folder: Path, files: int = 2) -> Path:
    folder.mkdir(parents=True)
    for i in range(files):
        (folder / f"part-{i:03d}").write_text(f"{folder.name} {i}")
    return folder


def publish_one(models: Path, made: Path, claim: Path) -> None:
    publish(models, "mlp-digits", {"onnx": made, "litert": made}, {}, claim=claim)


def test_versions_count_up_and_are_shared_by_the_targets_of_a_run(tmp_path: Path) -> None:
    made = artifact(tmp_path / "made")
    models = tmp_path / "models"
    first = publish(models, "mlp-digits", {"onnx": made, "litert": made}, {"run": "a"}, claim=tmp_path / "a.json")
    second = publish(models, "mlp-digits", {"onnx": made}, {"run": "b"}, claim=tmp_path / "b.json")
    third = publish(models, "mlp-digits", {"litert": made}, {"run": "c"}, claim=tmp_path / "c.json")
    assert first == {t: models / t / "mlp-digits" / "1" for t in ("onnx", "litert")}
    assert second == {"onnx": models / "onnx" / "mlp-digits" / "2"}
    assert third == {"litert": models / "litert" / "mlp-digits" / "3"}
    record = read_json(second["onnx"] / "factory.json")
    assert record == {"run": "b", "target": "onnx", "name": "mlp-digits", "version": 2}


def test_a_version_made_by_someone_else_is_never_taken(tmp_path: Path) -> None:
    (tmp_path / "models" / "onnx" / "mlp-digits" / "7").mkdir(parents=True)
    made = artifact(tmp_path / "made")
    published = publish(tmp_path / "models", "mlp-digits", {"onnx": made}, {}, claim=tmp_path / "claim.json")
    assert published["onnx"].name == "8"


def test_the_same_run_publishes_once(tmp_path: Path) -> None:
    made = artifact(tmp_path / "made")
    for _ in range(2):
        published = publish(tmp_path / "models", "m", {"onnx": made}, {}, claim=tmp_path / "claim.json")
        assert published["onnx"].name == "1"


def test_runs_that_publish_at_once_get_a_version_each(tmp_path: Path) -> None:
    made = artifact(tmp_path / "made")
    models = tmp_path / "models"
    fork = multiprocessing.get_context("fork")
    runs = [fork.Process(target=publish_one, args=(models, made, tmp_path / f"claim-{i}.json")) for i in range(8)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert [run.exitcode for run in runs] == [0] * 8
    for target in ("onnx", "litert"):
        assert sorted(int(p.name) for p in (models / target / "mlp-digits").iterdir()) == list(range(1, 9))


@pytest.mark.parametrize("delay", [0.0, 0.003, 0.01, 0.02])
def test_a_kill_at_any_moment_leaves_whole_versions_and_the_next_command_ends_the_work(
    tmp_path: Path, delay: float
) -> None:
    made = artifact(tmp_path / "made", files=300)
    models, claim = tmp_path / "models", tmp_path / "claim.json"
    code = (
        "import sys; from pathlib import Path; from factory.publish import publish; print(flush=True);"
        "models, made, claim = map(Path, sys.argv[1:]);"
        "publish(models, 'm', {'onnx': made, 'litert': made}, {}, claim=claim)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, models, made, claim], stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.readline()
    time.sleep(delay)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    for version in models.glob("[!.]*/m/*"):
        assert len(list(version.iterdir())) == 301
    published = publish(models, "m", {"onnx": made, "litert": made}, {}, claim=claim)
    assert {len(list(version.iterdir())) for version in published.values()} == {301}
    assert len({version.name for version in models.glob("[!.]*/m/*")}) == 1


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file")
    with pytest.raises(PublishError, match=r"^.*models: cannot publish m: Not a directory$"):
        publish(tmp_path / "models", "m", {"onnx": artifact(tmp_path / "made")}, {}, claim=tmp_path / "claim.json")
