from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from factory.core.errors import ConfigError, PublishError
from factory.core.files import read_json, sha256, write_json
from factory.registry.publish import publish, staging


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
    assert record == {"run": "b", "target": "onnx", "name": "mlp-digits", "version": 2, "sha256": sha256(made)}


def test_a_record_says_what_holds_for_its_target_alone(tmp_path: Path) -> None:
    made, alone = artifact(tmp_path / "made"), {"litert": {"encoded": True}}
    versions = publish(
        tmp_path / "models", "m", {"onnx": made, "litert": made}, {"run": "a"}, alone, claim=tmp_path / "claim.json"
    )
    records = {target: read_json(folder / "factory.json") or {} for target, folder in versions.items()}
    assert {target: record.get("encoded") for target, record in records.items()} == {"onnx": None, "litert": True}


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


# Python 3.12 warns of threads: those of pytest-xdist, which the forks do without.
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
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
        "import sys; from pathlib import Path; from factory.registry.publish import publish; print(flush=True);"
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


def test_a_number_belongs_to_its_folder_of_versions(tmp_path: Path) -> None:
    x, y = artifact(tmp_path / "x"), artifact(tmp_path / "y")
    one, other = tmp_path / "one", tmp_path / "other"
    publish(one, "m", {"onnx": x}, {}, claim=tmp_path / "x.json")
    publish(other, "m", {"onnx": y}, {}, claim=tmp_path / "y.json")
    published = publish(other, "m", {"onnx": x}, {}, claim=tmp_path / "x.json")
    assert published["onnx"] == other / "onnx" / "m" / "2"
    assert (published["onnx"] / "part-000").read_text() == "x 0"


def test_a_number_that_another_run_took_after_the_folder_was_removed_is_not_this_runs(tmp_path: Path) -> None:
    x, y = artifact(tmp_path / "x"), artifact(tmp_path / "y")
    models = tmp_path / "models"
    publish(models, "m", {"onnx": x}, {}, claim=tmp_path / "x.json")
    shutil.rmtree(models)
    publish(models, "m", {"onnx": y}, {}, claim=tmp_path / "y.json")
    published = publish(models, "m", {"onnx": x}, {}, claim=tmp_path / "x.json")
    assert published["onnx"].name == "2"
    assert (published["onnx"] / "part-000").read_text() == "x 0"


def test_other_contents_are_another_version_and_another_target_joins_the_same(tmp_path: Path) -> None:
    first, again, more = (artifact(tmp_path / name) for name in ("first", "again", "more"))
    models, claim = tmp_path / "models", tmp_path / "claim.json"
    model = {"model_sha256": "a" * 64}
    assert publish(models, "m", {"onnx": first}, model, claim=claim)["onnx"].name == "1"
    joined = publish(models, "m", {"onnx": first, "litert": more}, model, claim=claim)
    assert {version.name for version in joined.values()} == {"1"}
    assert publish(models, "m", {"onnx": again}, model, claim=claim)["onnx"].name == "2"
    other_model = publish(models, "m", {"litert": more}, {"model_sha256": "b" * 64}, claim=claim)
    assert other_model["litert"].name == "3"


def test_a_version_that_was_changed_is_not_what_this_run_made(tmp_path: Path) -> None:
    made, models, claim = artifact(tmp_path / "made"), tmp_path / "models", tmp_path / "claim.json"
    first = publish(models, "m", {"onnx": made}, {}, claim=claim)["onnx"]
    (first / "part-000").unlink()
    (first / "part-000").write_text("something else")
    assert publish(models, "m", {"onnx": made}, {}, claim=claim)["onnx"].name == "2"


def test_a_folder_of_versions_may_be_moved(tmp_path: Path) -> None:
    made = artifact(tmp_path / "made")
    publish(tmp_path / "models", "m", {"onnx": made}, {}, claim=tmp_path / "claim.json")
    (tmp_path / "models").rename(tmp_path / "moved")
    assert publish(tmp_path / "moved", "m", {"onnx": made}, {}, claim=tmp_path / "claim.json")["onnx"].name == "1"


def test_what_killed_publishers_left_is_swept_but_not_what_another_is_at(tmp_path: Path) -> None:
    made, models = artifact(tmp_path / "made"), tmp_path / "models"
    left = models / ".staging" / "tmpleft"
    left.mkdir(parents=True)
    with staging(models) as others:
        assert not left.exists()
        publish(models, "m", {"onnx": made}, {}, claim=tmp_path / "claim.json")
        assert others.exists()
    assert [path.name for path in (models / ".staging").iterdir()] == [".lock"]


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", "a" * 300])
def test_a_name_that_is_a_path_is_not_published(name: str, tmp_path: Path) -> None:
    with pytest.raises(PublishError, match=r"^name: got .*; takes letters, digits"):
        publish(tmp_path / "models", name, {"onnx": artifact(tmp_path / "made")}, {}, claim=tmp_path / "claim.json")
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize("version", ["../../../x", -5, None, True, 1e300])
def test_a_claim_that_was_edited_is_one_line(version: object, tmp_path: Path) -> None:
    made, models, claim = artifact(tmp_path / "made"), tmp_path / "models", tmp_path / "claim.json"
    publish(models, "m", {"onnx": made}, {}, claim=claim)
    write_json(claim, {**(read_json(claim) or {}), "version": version})
    with pytest.raises(ConfigError, match=r"^.*claim.json: version: got .*; takes [^\n]*$"):
        publish(models, "m", {"onnx": made}, {}, claim=claim)
