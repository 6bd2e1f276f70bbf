"""What a change of a block means: one change where it is written, with the expanded layers that it reaches."""

from __future__ import annotations

import time
from typing import Any

import pytest

from factory.config.composition.compose import compose_config
from factory.diff.config_changes import find_changes
from factory.diff.impact import Class, class_of
from factory.diff.render import meaning
from factory.diff.tree_changes import Change

WORDS = ["model=resnet20", "data=digits_image"]
PLAIN = compose_config(WORDS).tree


def changes(*words: str) -> list[Change]:
    return find_changes(PLAIN, compose_config([*WORDS, *words]).tree)


MEANT = {
    "model.blocks.conv.size=5": [
        "Conv2D.kernel_size 3 → 5 in conv1-conv, stage1-block1-pair-conv1-conv and 17 more",
    ],
    "model.blocks.conv.norm=LayerNormalization": [
        'set {"BatchNormalization": {}} → {"LayerNormalization": {}} in conv1-norm, stage1-block1-pair-conv1-norm '
        "and 19 more"
    ],
    "model.layers.stage3.repeat=4": [
        "added in stage3-block4-pair-conv1-conv, stage3-block4-pair-conv1-norm and 5 more",
    ],
    "model.layers.stage2.first.stride=1": ["Conv2D.strides 2 → 1 in stage2-block1-pair-conv1-conv"],
    "model.blocks.residual.nodes.relu={Activation:{activation:gelu}}": [
        'set {"ReLU": {}} → {"Activation": {"activation": "gelu"}} in stage1-block1-relu, stage1-block2-relu and 7 more'
    ],
    "model.layers.stage1.skip=true": [
        "added in stage1-block1-sum, stage1-block2-sum and 1 more",
    ],
    "model.blocks.spare={nodes:{a:Flatten}}": ["expands to the same layers"],
}


@pytest.mark.parametrize("word", MEANT)
def test_a_change_is_one_where_it_is_written_and_says_what_it_means(word: str) -> None:
    found = [change for change in changes(word) if change.path.startswith(word.partition("=")[0])]
    assert len(found) == len(changes(word)) == 1
    assert meaning(found[0])[: len(MEANT[word])] == MEANT[word]


def test_a_block_that_nothing_uses_changes_no_weights() -> None:
    (spare,) = changes("model.blocks.spare={nodes:{a:Flatten}}")
    (size,) = changes("model.blocks.conv.size=5")
    assert (class_of(spare), class_of(size)) == (Class.operational, Class.retrain)


def test_two_changes_share_no_meaning() -> None:
    found = {
        change.path: meaning(change) for change in changes("model.blocks.conv.size=5", "model.layers.stage1.repeat=2")
    }
    assert all("kernel_size" in line for line in found["model.blocks.conv.size"])
    assert any("removed in stage1-block3" in line for line in found["model.layers.stage1.repeat"])
    assert not any("kernel_size" in line for line in found["model.layers.stage1.repeat"])


def test_a_graph_written_with_blocks_is_compared_by_what_it_expands_to() -> None:
    """The same layers under other names: renamed, and nothing else."""
    graph = {
        "kind": "graph",
        "nodes": {
            "a": {"Dense": {"units": 8}, "from": "pixels"},
            "b": {"Dense": {"units": 10, "activation": "softmax"}, "from": "a"},
        },
        "outputs": {"digit": "b"},
    }
    block: dict[str, Any] = {
        "kind": "graph",
        "blocks": {"hidden": {"nodes": {"dense": {"Dense": {"units": 8}}}}},
        "nodes": {"a": {"hidden": {}, "from": "pixels"}, "b": graph["nodes"]["b"]},  # type: ignore[index]
        "outputs": {"digit": "b"},
    }
    found = find_changes({**PLAIN, "model": graph}, {**PLAIN, "model": block})
    assert [(change.path, change.verb, class_of(change)) for change in found] == [
        ("model.nodes.a-dense", "renamed", Class.operational)
    ]


def test_a_thousand_nodes_are_compared_within_a_second() -> None:
    """Processor time; both sides are expanded as well."""
    words = ["model.layers.stage1.repeat=70", "model.layers.stage2.repeat=70"]
    old, new = (compose_config([*WORDS, *words, *more]).tree for more in ([], ["model.blocks.conv.size=5"]))
    before = time.process_time()
    (change,) = find_changes(old, new)
    assert time.process_time() - before < 1
    assert change.means is not None and len(change.means) > 280
