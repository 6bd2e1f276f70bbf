"""The architecture of a large model on the page: drawn by its blocks, each of which opens its own drawing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from factory.core.files import write_json
from factory.report.block_drawing import FEW, View, folded
from factory.report.pages import page
from factory.report.run_page import contents
from tests.report.test_drawing import composed


def node(name: str, *sources: str) -> dict[str, Any]:
    facts = {"kind": "Dense", "parameters": 3, "trainable": 2, "inside": 0, "shape": [4]}
    return {"name": name, "from": list(sources), **facts}


def deep(stages: int, blocks: int, layers: int) -> list[dict[str, Any]]:
    """A stem, stages of blocks of layers with a way around each block, and a head."""
    nodes = [node("x"), node("stem", "x")]
    for stage in range(stages):
        for block in range(blocks):
            before, name = nodes[-1]["name"], f"stage{stage}-block{block}"
            for layer in range(layers):
                nodes.append(node(f"{name}-layer{layer}", nodes[-1]["name"]))
            nodes.append(node(f"{name}-sum", nodes[-1]["name"], before))
    return [*nodes, node("head", nodes[-1]["name"])]


def views(view: View) -> Iterator[View]:
    yield view
    for inner in view.views:
        yield from views(inner)


def test_four_hundred_layers_are_a_few_boxes() -> None:
    nodes = deep(4, 14, 6)
    top = folded(nodes)
    assert top is not None and len(nodes) > 390
    boxes = {box.node["name"]: box.node for box in top.drawing.boxes}
    assert [*boxes] == ["x", "stem", "stage0", "stage1", "stage2", "stage3", "head"]
    assert (boxes["stage1"]["kind"], boxes["stage1"]["parameters"]) == ("98 layers", 3 * 98)
    assert top.opens == {"stage0", "stage1", "stage2", "stage3"}


def test_every_node_is_drawn_once_in_its_block_and_what_feeds_a_block_beside_it() -> None:
    nodes = deep(2, 3, 4)
    top = folded(nodes)
    assert top is not None
    found = [box.node for view in views(top) for box in view.drawing.boxes]
    own = [one["name"] for one in found if not one.get("outside") and not one.get("layers")]
    assert sorted(own) == sorted(one["name"] for one in nodes)
    (block,) = (view for view in views(top) if view.name == "stage1-block0")
    outside = [box.node["name"] for box in block.drawing.boxes if box.node.get("outside")]
    assert outside == ["stage0-block2-sum"]


def test_a_small_model_is_drawn_whole() -> None:
    nodes = deep(1, 2, 5)
    assert len(nodes) <= FEW
    top = folded(nodes)
    assert top is not None and not top.views and len(top.drawing.boxes) == len(nodes)
    assert folded([]) is None


def test_names_that_only_look_like_blocks_are_drawn_as_they_are() -> None:
    """Two groups that feed each other are no blocks."""
    chain = [node("x")]
    for number in range(FEW):
        chain.append(node(f"{'ab'[number % 2]}-{number}", chain[-1]["name"]))
    top = folded(chain)
    assert top is not None and not top.views and len(top.drawing.boxes) == len(chain)


@pytest.mark.slow
def test_a_click_on_a_block_leads_to_its_drawing(tmp_path: Path) -> None:
    write_json(tmp_path / "train" / "architecture.json", {"nodes": deep(4, 14, 6), "outputs": {"digit": "head"}})
    text = page("report.html", contents(composed(tmp_path, "model=mlp")))
    links = re.findall(r'<a href="#(block-[^"]+)">', text)
    assert len(links) == len({*links}) == 4 + 4 * 14
    assert {*links} == {*re.findall(r'<details class="block"><summary>[^<]+</summary><div id="([^"]+)">', text)}
    assert len(text) < 1_500_000
