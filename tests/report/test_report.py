"""report.html and model_card.md of real runs: everything is there, every figure is the run's, nothing is fetched."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from factory.core.files import read_json
from factory.report import facts
from factory.report.run_page import contents
from tests.commands import factory
from tests.report.conftest import Ran
from tests.report.pages import CHROMIUM, opened

pytestmark = pytest.mark.slow

LARGEST = 1_500_000  # bytes
LIGHT_MUTED, DARK_MUTED = "#5b6472", "#9aa5b5"  # of labels, in style.css
NAMES = ("digits", "diabetes", "pair", "refused", "diverged")


def page(run: Ran) -> str:
    return (run.path / "report.html").read_text()


def summary(run: Ran) -> dict[str, Any]:
    return dict(json.loads((run.path / "run.json").read_text()))


def sections(run: Ran) -> list[str]:
    return re.findall(r'<section id="(\w+)"', page(run))


def card(run: Ran) -> tuple[dict[str, Any], str]:
    """Metadata and text."""
    _, header, text = (run.path / "model_card.md").read_text().split("---\n", 2)
    return yaml.safe_load(header), text


@pytest.mark.parametrize("name", NAMES)
def test_every_run_writes_a_self_contained_page(name: str, runs: dict[str, Ran]) -> None:
    text = page(runs[name])
    assert len(text.encode()) <= LARGEST
    assert not re.findall(r"(?:src|href|url)\s*[=(]\s*[\"']?(?:https?:)?//", text)
    assert set(re.findall(r'href="([^"#]*)', text)) <= {"", "data:,"}


@pytest.mark.parametrize("name", NAMES)
def test_run_prints_the_path_of_its_page(name: str, runs: dict[str, Ran]) -> None:
    assert runs[name].done.out.splitlines()[-1] == f"report: {runs[name].path}/report.html"


def test_page_of_a_finished_run_has_every_section(runs: dict[str, Ran]) -> None:
    shown = "summary training validation gate targets architecture time config environment commands".split()
    assert sections(runs["digits"]) == shown
    assert sections(runs["diabetes"]) == shown


def test_page_of_a_refused_run_names_the_hop_that_broke(runs: dict[str, Ran]) -> None:
    run = runs["refused"]
    assert run.done.code == 5
    assert "✗ broke" in page(run)
    assert html.escape(summary(run)["error"]) in page(run)
    assert "✗ refused" in page(run)


def test_page_of_a_failed_run_shows_the_parts_it_reached(runs: dict[str, Ran]) -> None:
    run = runs["diverged"]
    assert run.done.code == 3
    assert html.escape(summary(run)["error"]) in page(run)
    assert not {"validation", "gate", "targets"} & set(sections(run))


def test_confusion_matrix_agrees_with_the_accuracy(runs: dict[str, Ran]) -> None:
    found = facts.read_facts(runs["digits"].path)
    judged = found.evaluation["digit"]
    right = sum(row[place] for place, row in enumerate(judged["confusion"]))
    assert sum(map(sum, judged["confusion"])) == judged["rows"] == found.trained["rows"]["validation"]
    assert right / judged["rows"] == pytest.approx(found.metrics["accuracy"], abs=1e-6)


def test_residuals_agree_with_the_metric(runs: dict[str, Ran]) -> None:
    found = facts.read_facts(runs["diabetes"].path)
    points = found.evaluation["target"]["columns"][0]["points"]
    assert len(points) == found.trained["rows"]["test"]
    absolute = sum(abs(predicted - actual) for actual, predicted in points) / len(points)
    assert absolute == pytest.approx(found.metrics["mae"], rel=1e-4)


def test_a_run_with_test_rows_is_quoted_on_them_wherever_it_is_shown(runs: dict[str, Ran]) -> None:
    run, trained = runs["diabetes"], summary(runs["diabetes"])["train"]
    tested = trained["test_metrics"]
    assert tested != trained["metrics"] and tested["r2"] == trained["baseline"]["target"]["scores"]["r2"]["model"]
    assert f"test loss {tested['loss']:.4f}  mae {tested['mae']:.4f}  r2 {tested['r2']:.4f}" in run.done.out
    assert "<h2>On the test rows</h2>" in page(run) and "test r2" in page(run)
    header, text = card(run)
    assert f"On {trained['rows']['test']} test rows:" in text
    (result,) = header["model-index"][0]["results"]
    assert result["dataset"]["split"] == "test"
    assert {metric["type"]: metric["value"] for metric in result["metrics"]} == tested
    version = read_json(run.path.parent / "models" / "saved_model" / "mlp-diabetes" / "1" / "factory.json")
    assert version is not None and version["test_metrics"] == tested
    assert "<h2>On the validation rows</h2>" in page(runs["digits"])


def test_architecture_on_the_page_is_that_of_the_trained_model(runs: dict[str, Ran]) -> None:
    found = facts.read_facts(runs["pair"].path)
    nodes = {node["name"]: node for node in found.architecture["nodes"]}
    assert sum(node["parameters"] for node in nodes.values()) == found.trained["parameters"]
    assert nodes["both"]["from"] == ["seen", "heard"]
    assert nodes["class_head"]["kind"] == "Dense"
    assert found.architecture["outputs"] == {"label": "class_head", "amount": "amount_unscaled"}
    assert nodes["amount_unscaled"]["from"] == ["number_head"]


def test_page_lists_config_differences_from_the_options(runs: dict[str, Ran]) -> None:
    rows = {
        path: (default, value)
        for path, default, value in contents(facts.read_facts(runs["digits"].path))["differences"]
    }
    rows.pop("models")
    assert rows == {
        "train.backend": ("torch", "jax"),
        "train.epochs": (10, 3),
        "optimizer.learning_rate": (0.001, 0.01),
    }


def test_command_to_repeat_a_run_does_not_use_its_folder(runs: dict[str, Ran]) -> None:
    text = html.unescape(page(runs["refused"]))
    command = re.search(r"python -m factory --config-dir \S+/conf model=pooled [^<\n]*", text)
    assert command is not None
    assert "hydra.run.dir" not in command[0]


def test_model_card_has_the_header_of_the_hub(runs: dict[str, Ran]) -> None:
    header, text = card(runs["digits"])
    metrics = summary(runs["digits"])["train"]["metrics"]
    (model,) = header["model-index"]
    (result,) = model["results"]
    assert header["library_name"] == "keras"
    assert header["pipeline_tag"] == "tabular-classification"
    assert {metric["type"]: metric["value"] for metric in result["metrics"]} == metrics
    assert "| saved_model | tensorflow | passed |" in text
    assert card(runs["diabetes"])[0]["pipeline_tag"] == "tabular-regression"
    assert "pipeline_tag" not in card(runs["pair"])[0]


def test_rows_of_model_card_tables_have_equal_numbers_of_cells(runs: dict[str, Ran]) -> None:
    for run in runs.values():
        _, text = card(run)
        for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
            bars = [len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()]
            assert len(set(bars)) == 1, block
            assert len(bars) > 2, block


def test_report_rewrites_the_page_of_a_run(runs: dict[str, Ran]) -> None:
    path = runs["pair"].path / "report.html"
    path.unlink()
    assert factory("report", str(runs["pair"].path)).code == 0
    assert path.exists()


@pytest.mark.browser
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", NAMES)
def test_a_browser_draws_every_chart_and_complains_of_nothing(name: str, dark: bool, runs: dict[str, Ran]) -> None:
    seen = opened(str(CHROMIUM), runs[name].path / "report.html", dark=dark, width=390 if dark else 1280)
    charts = len(re.findall('class="plot', page(runs[name])))
    assert seen.console == []
    assert f'data-drawn="{charts}"' in seen.dom
    assert len(re.findall(r'<svg[^>]*class="marks"', seen.dom)) == charts > 0
    drawn = "".join(re.findall(r"<svg[^>]*marks.*?</svg>", seen.dom, re.DOTALL))
    assert (LIGHT_MUTED in drawn, DARK_MUTED in drawn) == (not dark, dark)


@pytest.mark.browser
def test_browser_check_notices_a_page_with_a_script_error(tmp_path: Path) -> None:
    broken = tmp_path / "broken.html"
    broken.write_text("<!doctype html><script>nothing.here()</script>")
    assert "nothing is not defined" in opened(str(CHROMIUM), broken, dark=False, width=800).console[0]
