"""``list`` and ``compare``."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from factory.core.files import write_json
from factory.core.rundir import RunDir
from tests.commands import factory
from tests.report.conftest import Ran
from tests.report.pages import CHROMIUM, opened


def row(text: str, first: str) -> list[str]:
    """The cells of the line that begins with a word."""
    (line,) = (line for line in text.splitlines() if line.strip().startswith(f"{first}  "))
    return re.split(r"\s{2,}", line.strip())


def test_list_of_a_folder_without_runs_says_so(tmp_path: Path) -> None:
    done = factory("list", str(tmp_path))
    assert (done.code, done.out) == (0, "no runs and no published versions\n")


def test_list_of_a_missing_folder_is_an_error_of_one_line(tmp_path: Path) -> None:
    done = factory("list", f"{tmp_path}/nowhere")
    assert (done.code, done.err) == (2, f"list: got '{tmp_path}/nowhere'; takes a folder that exists\n")


def test_list_shows_a_running_run_that_no_command_holds_as_killed(tmp_path: Path) -> None:
    write_json(tmp_path / "a[1]" / "run.json", {"status": "running", "name": "mlp-digits"})
    write_json(tmp_path / "b" / "run.json", {"status": "running", "name": "mlp-digits"})
    with RunDir(tmp_path / "b").locked():
        done = factory("list", ".", cwd=tmp_path)
    assert row(done.out, "a[1]")[:3] == ["a[1]", "mlp-digits", "killed"]
    assert row(done.out, "b")[:3] == ["b", "mlp-digits", "running"]


def test_compare_refuses_fewer_than_two_readable_runs(tmp_path: Path) -> None:
    assert factory("compare").err == "compare: got nothing; takes two run folders or more\n"
    done = factory("compare", f"{tmp_path}/a", f"{tmp_path}/b")
    lines = [f"run: got '{tmp_path}/{name}'; takes a run folder, one that holds a run.json\n" for name in "ab"]
    assert (done.code, done.err) == (2, "".join(lines))


@pytest.mark.slow
def test_list_shows_runs_and_published_versions(runs: dict[str, Ran]) -> None:
    folder = runs["digits"].path.parent
    done = factory("list", ".", cwd=folder)
    assert done.code == 0
    name, status, metric, targets = row(done.out, "digits")[1:5]
    metrics = json.loads((folder / "digits" / "run.json").read_text())["train"]["metrics"]
    scores = f"accuracy {metrics['accuracy']:.4f}, macro_f1_score {metrics['macro_f1_score']:.4f}"
    assert (name, status, metric, targets) == ("mlp-digits", "published", f"validation {scores}", "saved_model")
    assert row(done.out, "refused")[2] == "refused"
    assert row(done.out, "diverged")[2] == "failed"
    assert row(done.out, "mlp-digits")[1:4] == ["1", f"validation {scores}", "saved_model"]
    assert row(done.out, "mlp-diabetes")[-1] == "diabetes"
    tested = json.loads((folder / "diabetes" / "run.json").read_text())["train"]["test_metrics"]
    assert row(done.out, "diabetes")[3] == f"test mae {tested['mae']:.4f}, r2 {tested['r2']:.4f}"


@pytest.mark.slow
def test_list_as_json_holds_the_same_as_the_tables(runs: dict[str, Ran]) -> None:
    folder = runs["digits"].path.parent
    found = json.loads(factory("list", ".", "--format", "json", cwd=folder).out)
    assert {run["run"]: run["status"] for run in found["runs"]}["refused"] == "refused"
    (digits,) = (run for run in found["runs"] if run["run"] == "digits")
    assert digits["metrics"] == json.loads((folder / "digits" / "run.json").read_text())["train"]["metrics"]
    assert digits["targets"] == {"saved_model": "passed"}
    versions = {(one["name"], one["version"]): one["run"] for one in found["published"]}
    assert versions["mlp-digits", 1] == str(runs["digits"].path)


def test_list_refuses_an_unknown_format(tmp_path: Path) -> None:
    done = factory("list", str(tmp_path), "--format", "md")
    assert (done.code, done.err) == (2, "list --format: got 'md'; takes terminal, json\n")
    assert json.loads(factory("list", str(tmp_path), "--format", "json").out) == {"runs": [], "published": []}


@pytest.mark.slow
def test_compare_shows_differences_and_gates(runs: dict[str, Ran], tmp_path: Path) -> None:
    done = factory("compare", str(runs["digits"].path), str(runs["refused"].path), cwd=tmp_path)
    assert done.code == 0, done.err
    assert row(done.out, "config")[1:] == ["digits", "refused"]
    assert row(done.out, "train.epochs")[1:] == ["3", "1"]
    assert row(done.out, "model.hidden")[1:] == ["[128]", "-"]
    assert "saved_model   digits    passed" in done.out
    assert "saved_model   refused   refused" in done.out
    assert "trained and validated on different rows" in done.out
    assert done.out.splitlines()[-1] == "page: outputs/compare/digits-refused.html"
    assert (tmp_path / "outputs" / "compare" / "digits-refused.html").exists()


@pytest.mark.slow
def test_compare_takes_a_published_version_for_its_run(runs: dict[str, Ran], tmp_path: Path) -> None:
    version = runs["digits"].path.parent / "models" / "saved_model" / "mlp-digits" / "1"
    done = factory("compare", str(version), str(runs["diabetes"].path), cwd=tmp_path)
    assert done.code == 0, done.err
    assert row(done.out, "data.source")[1:] == ["digits", "sklearn"]
    assert "Some are judged on test rows, others on validation rows" in done.out


@pytest.mark.slow
@pytest.mark.browser
def test_browser_draws_the_comparison(runs: dict[str, Ran], tmp_path: Path) -> None:
    paths = [str(runs[name].path) for name in ("digits", "refused", "diverged")]
    assert factory("compare", *paths, cwd=tmp_path).code == 0
    (page,) = (tmp_path / "outputs" / "compare").iterdir()
    seen = opened(str(CHROMIUM), page, dark=False, width=1280)
    assert seen.console == []
    assert 'data-drawn="6"' in seen.dom  # loss, accuracy, two confusion matrices, latency, size
    assert "digits: digit: confusion matrix" in seen.dom
    assert len(page.read_bytes()) <= 1_500_000


def test_page_that_cannot_be_written_is_reported_and_the_exit_code_stays(tmp_path: Path) -> None:
    write_json(tmp_path / "run.json", {"status": "failed", "name": "mlp-digits", "overrides": [], "exit_code": 3})
    (tmp_path / "report.html" / "in the way").mkdir(parents=True)
    done = factory("report", str(tmp_path))
    assert (done.code, done.out) == (3, "mlp-digits: failed\n")
    assert done.err == f"report: {tmp_path}: not written: Is a directory\n"
