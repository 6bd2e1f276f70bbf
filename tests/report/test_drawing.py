"""What is drawn, from facts that are plain data: the graph's layout, the settings, text that must not become markup."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from factory.config.composition.compose import compose_config
from factory.config.composition.saved import save_config
from factory.core.files import write_json
from factory.core.signature import Tensor
from factory.data.dataset import DataSpec, Output
from factory.report import charts, facts, settings
from factory.report.facts import Facts
from factory.report.gantt import gantt
from factory.report.graph_layout import HEIGHT, WIDTH, draw
from factory.report.pages import cell, page, plain
from factory.report.run_page import contents
from factory.training import evaluation
from tests.report.pages import CHROMIUM, Tags, opened

HOSTILE = "</script><img src=x onerror=fail()>"


def composed(folder: Path, *overrides: str) -> Facts:
    """A run folder with a real config and nothing trained."""
    made = compose_config(list(overrides))
    save_config(made, folder / ".hydra")
    write_json(folder / "run.json", {"status": "running", "name": made.tree["name"], "overrides": list(overrides)})
    return facts.read_facts(folder)


def node(name: str, *sources: str) -> dict[str, Any]:
    return {"name": name, "from": list(sources)}


def random_graph(seed: int) -> list[dict[str, Any]]:
    chance = random.Random(seed)
    nodes: list[dict[str, Any]] = []
    for place in range(chance.randint(1, 40)):
        sources = chance.sample([n["name"] for n in nodes], min(len(nodes), chance.randint(0, 3)))
        nodes.append(node(f"n{place}", *sources))
    return nodes


@pytest.mark.parametrize("seed", range(30))
def test_graph_boxes_never_overlap_and_edges_go_down(seed: int) -> None:
    nodes = random_graph(seed)
    drawing = draw(nodes)
    places = {box.node["name"]: box for box in drawing.boxes}
    assert len(drawing.lines) == sum(len(one["from"]) for one in nodes)
    for box in drawing.boxes:
        assert 0 <= box.x <= drawing.width - WIDTH
        assert 0 <= box.y <= drawing.height - HEIGHT
        assert all(places[source].y + HEIGHT < box.y for source in box.node["from"])
        level = [other for other in drawing.boxes if other.y == box.y and other is not box]
        assert all(abs(other.x - box.x) >= WIDTH for other in level)


def test_graph_of_a_chain_is_one_column() -> None:
    assert len({box.x for box in draw([node("a"), node("b", "a"), node("c", "b")]).boxes}) == 1


def test_graph_edge_goes_round_the_boxes_it_passes() -> None:
    drawing = draw([node("a"), node("b", "a"), node("c", "b", "a")])
    middle = drawing.boxes[1]
    bent = next(line for line in drawing.lines if "V" in line)
    x = float(bent.split("V")[0].split()[-2])
    assert not middle.x <= x <= middle.x + WIDTH


def test_config_without_overrides_has_no_differences(tmp_path: Path) -> None:
    assert settings.differences_from_defaults(composed(tmp_path)) == []


@pytest.mark.parametrize("option", ["train=careful", "deploy=everywhere", "model=cnn", "optimizer=adam_cosine"])
def test_choosing_an_option_of_a_group_is_no_difference(option: str, tmp_path: Path) -> None:
    assert settings.differences_from_defaults(composed(tmp_path, option, "data=digits_image")) == []


def test_overrides_are_differences_from_their_options(tmp_path: Path) -> None:
    words = ["train.epochs=3", "optimizer.clipnorm=1.0", "deploy/target=[onnx]", "data.split.seed=4"]
    assert sorted(settings.differences_from_defaults(composed(tmp_path, *words))) == [
        ("data.split.seed", 0, 4),
        ("deploy.target", ["saved_model"], ["onnx"]),
        ("optimizer.clipnorm", "-", 1.0),
        ("train.epochs", 10, 3),
    ]


def test_values_that_an_experiment_sets_are_differences(tmp_path: Path) -> None:
    rows = settings.differences_from_defaults(composed(tmp_path, "experiment=cancer_edge"))
    assert ("model.hidden", [128], [32, 16]) in rows
    assert ("train.class_weight", None, "balanced") in rows


def test_confusion_matrix_counts_predicted_against_actual_classes() -> None:
    spec = DataSpec(
        (Tensor("x", "float32", (1,)),), (Output("label", "classification", 3, ("ant", "bee", "cat"), (3,)),)
    )
    said = np.eye(3, dtype="float32")[[0, 1, 1, 2]]
    judged = evaluation.evaluate_outputs(spec, {"label": np.array([0, 1, 2, 2], "int32")}, {"label": said})["label"]
    assert judged["confusion"] == [[1, 0, 0], [0, 1, 0], [0, 1, 1]]
    assert judged["mistaken"] == [["cat", "bee", 1]]
    assert judged["right"] == 3


def test_too_many_classes_are_shown_as_the_most_frequent_mistakes() -> None:
    spec = DataSpec((), (Output("label", "classification", 100, None, (100,)),))
    actual = np.arange(100, dtype="int32")
    said = np.roll(np.eye(100, dtype="float32"), 1, axis=0)
    judged = evaluation.evaluate_outputs(spec, {"label": actual}, {"label": said})["label"]
    assert judged["confusion"] is None
    assert len(judged["mistaken"]) == evaluation.MOST_MISTAKEN
    assert charts.confusion("label", judged).spec == {}


def test_residuals_are_predicted_minus_actual() -> None:
    spec = DataSpec((), (Output("price", "regression", None, None, (2,)),))
    actual = np.zeros((1000, 2), "float32")
    said = np.stack([np.ones(1000), np.linspace(-1, 1, 1000)], axis=1).astype("float32")
    first, second = evaluation.evaluate_outputs(spec, {"price": actual}, {"price": said})["price"]["columns"]
    assert first["mean"] == 1.0
    assert first["r2"] is None
    assert (second["quantiles"]["0"], second["quantiles"]["100"]) == (-1.0, 1.0)
    assert len(first["points"]) <= evaluation.MOST_POINTS / 2


def test_thinned_curve_keeps_the_last_epoch_and_stays_small() -> None:
    history = [{"epoch": float(n), "loss": 1 / n} for n in range(1, 10_001)]
    (loss,) = charts.curves({"run": history})
    assert len(loss.rows) <= charts.MOST_EPOCHS
    assert loss.rows[-1][0] == 10_000


def test_values_that_are_not_finite_are_left_out_of_the_curves() -> None:
    assert facts.numbers({"epoch": "1", "loss": "nan", "accuracy": "0.5"}) == {"epoch": 1.0, "accuracy": 0.5}


def test_gantt_bar_is_as_long_as_its_step() -> None:
    chart = gantt([[{"name": "train (jax): fit", "start": 10.0, "seconds": 4.0}]])
    assert chart is not None
    (bar,) = chart.spec["data"]["values"]
    assert (bar["stage"], bar["step"], bar["start"], bar["end"]) == ("train (jax)", "fit", 0.0, 4.0)


def test_gantt_puts_commands_on_the_same_run_one_after_the_other() -> None:
    first = [{"name": "train (jax): fit", "start": 10.0, "seconds": 4.0}]
    second = [{"name": "train (jax): fit", "start": 5000.0, "seconds": 2.0}]
    chart = gantt([first, second])
    assert chart is not None
    bars = chart.spec["data"]["values"]
    assert [(bar["command"], bar["start"], bar["end"]) for bar in bars] == [(1, 0.0, 4.0), (2, 4.0, 6.0)]
    assert "2 commands" in chart.note
    assert gantt([]) is None


def test_page_values_are_written_as_yaml() -> None:
    assert plain({"a": [1, None, True], "b": "text"}) == "{a: [1, null, true], b: text}"
    assert cell("one\ntwo | three") == "`one\\ntwo \\| three`"


def hostile(folder: Path) -> Path:
    """A page whose names and labels try to be markup."""
    write_json(
        folder / "run.json",
        {"status": "failed", "name": "m", "overrides": [HOSTILE], "error": HOSTILE, "versions": {}},
    )
    judged = {"task": "classification", "rows": 1, "labels": [HOSTILE, "b"], "right": 1, "mistaken": []}
    write_json(folder / "train" / "evaluation.json", {HOSTILE: {**judged, "confusion": [[1, 0], [0, 0]]}})
    path = folder / "report.html"
    path.write_text(page("report.html", contents(facts.read_facts(folder))))
    return path


def test_run_page_escapes_text_from_the_data(tmp_path: Path) -> None:
    text = hostile(tmp_path).read_text()
    assert "<img" not in text
    assert text.count("</script>") == 3


@pytest.mark.browser
@pytest.mark.slow
def test_browser_runs_no_script_that_stands_in_the_data(tmp_path: Path) -> None:
    seen = opened(str(CHROMIUM), hostile(tmp_path), dark=False, width=800)
    assert seen.console == []
    tags = Tags()
    tags.feed(seen.dom)
    assert "svg" in tags.found
    assert "img" not in tags.found
