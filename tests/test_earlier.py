"""Folders of an earlier release (0.1.0, before the rooms) are listed, reported, compared, diffed and gone on with."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from factory.config.composition.compose import compose_config
from factory.config.composition.saved import reload_config
from factory.core.documents import TargetReport
from factory.core.read_documents import check_document, read_summary
from factory.core.rundir import RunDir
from factory.pipeline.plan import Plan
from factory.sweep.plan import read_jobs
from tests.commands import ROOT, factory


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """The texts of a run and of a sweep, as that release wrote them; models and data are left out."""
    return Path(shutil.copytree(ROOT / "tests" / "earlier" / "0.1.0", tmp_path / "outputs"))


def test_runs_of_an_earlier_release_are_listed(earlier: Path) -> None:
    done = factory("list", "--format", "json", cwd=earlier.parent)
    assert done.code == 0 and done.err == ""
    assert {run["status"] for run in json.loads(done.out)["runs"]} == {"trained"}


def test_fields_of_an_earlier_release_are_read_by_the_names_of_today(earlier: Path) -> None:
    summary = read_summary(RunDir(earlier / "run")) or {}
    assert summary["timings"] and summary["train"]["timings"] and summary["earlier_timings"] == []
    attempts = [{"route": "torch", "error": None}]
    report = {"status": "passed", "route": "jax", "error": None, "laps": [], "attempts": attempts}
    today = {"status": "passed", "backend": "jax", "error": None, "timings": []}
    assert check_document(report, TargetReport, "") == today | {"attempts": [{"backend": "torch", "error": None}]}


def test_runs_of_an_earlier_release_are_reported_and_compared(earlier: Path) -> None:
    for words in (
        ["report", "outputs/run"],
        ["report", "outputs/sweep"],
        ["compare", "outputs/run", "outputs/sweep/1"],
    ):
        done = factory(*words, cwd=earlier.parent)
        assert (done.code, done.err) == (0, ""), words
    assert (earlier / "run" / "report.html").exists() and (earlier / "sweep" / "sweep.html").exists()


def test_runs_of_an_earlier_release_are_diffed(earlier: Path) -> None:
    done = factory("diff", "outputs/run", "outputs/sweep/1", "--format", "json", cwd=earlier.parent)
    assert done.code == 0 and '"seed"' in done.out, done.err


@pytest.mark.parametrize("run", ["run", "sweep/0", "sweep/1"])
def test_trainings_of_an_earlier_release_are_those_of_the_same_words_today(earlier: Path, run: str) -> None:
    saved = reload_config(RunDir(earlier / run))
    words = [word for word in saved.overrides if not word.startswith("hydra.")]
    today = compose_config([*words, f"train.threads={saved.tree['train']['threads'] or 'null'}"])
    assert Plan(saved.tree).train_key == Plan(today.tree).train_key


def test_the_plan_of_a_sweep_of_an_earlier_release_is_read(earlier: Path) -> None:
    assert [job.overrides[-2] for job in read_jobs(earlier / "sweep").values()] == ["train.epochs=1", "train.epochs=2"]
