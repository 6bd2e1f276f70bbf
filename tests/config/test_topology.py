"""The wiring of a graph: an order to call its nodes in, and what is wrong with it."""

from __future__ import annotations

import pytest

from factory.config import topology

DIAMOND = {
    "head": {"Dense": {"units": 3}, "from": "both"},
    "both": {"Concatenate": {}, "from": ["left", "right"]},
    "left": {"Dense": {"units": 8}, "from": "x"},
    "right": {"same_as": "left", "from": "y"},
}


def test_order_puts_each_node_after_all_it_needs() -> None:
    assert [step.name for step in topology.order(DIAMOND)] == ["left", "right", "both", "head"]


def test_step_says_what_it_declares() -> None:
    step = topology.steps(DIAMOND)["right"]
    assert (step.layer, step.same_as, step.inputs) == (None, "left", "y")


def test_sound_graph_has_no_problems() -> None:
    assert list(topology.problems(DIAMOND, {"label": "head"}, ["x", "y"])) == []


def test_keywords_name_their_places() -> None:
    nodes = {"seen": {"MultiHeadAttention": {}, "from": {"query": "x", "value": "z"}}}
    assert list(topology.problems(nodes, ["seen"], ["x"])) == [
        "model.nodes.seen.from.value: got 'z'; takes seen, x",
    ]


def test_unknown_source_names_place_and_nearest() -> None:
    nodes = {**DIAMOND, "both": {"Concatenate": {}, "from": ["left", "rigth"]}}
    assert list(topology.problems(nodes, {"label": "head"}, ["x", "y"])) == [
        "model.nodes.both.from[1]: got 'rigth'; takes head, both, left, right, x, y; did you mean 'right'?"
    ]


def test_unknown_name_passes_as_an_input_where_inputs_are_not_known() -> None:
    assert list(topology.problems(DIAMOND, {"label": "head"}, None)) == []


def test_cycle_is_drawn() -> None:
    nodes = {"a": {"Dense": {}, "from": "b"}, "b": {"Dense": {}, "from": "a"}}
    assert list(topology.problems(nodes, ["b"], [])) == ["model.nodes: cycle: a → b → a; takes a graph without a cycle"]
    with pytest.raises(ValueError, match="cycle"):
        topology.order(nodes)


def test_same_as_must_be_a_node() -> None:
    nodes = {"a": {"Dense": {"units": 1}, "from": "x"}, "b": {"same_as": "aa", "from": "a"}}
    assert list(topology.problems(nodes, ["b"], ["x"])) == [
        "model.nodes.b.same_as: got 'aa'; takes a, b; did you mean 'a'?"
    ]


def test_node_that_nobody_needs_is_a_fault() -> None:
    nodes = {"a": {"Dense": {"units": 1}, "from": "x"}, "b": {"Dense": {"units": 1}, "from": "x"}}
    assert list(topology.problems(nodes, ["b"], ["x"])) == [
        "model.nodes.a: never used; takes a place in another node's from, or in outputs"
    ]


def test_output_must_be_a_node() -> None:
    assert list(topology.problems(DIAMOND, {"label": "hed"}, ["x", "y"])) == [
        "model.outputs.label: got 'hed'; takes head, both, left, right; did you mean 'head'?"
    ]
    assert "model.outputs: missing; takes the names of nodes" in topology.problems(DIAMOND, [], ["x", "y"])
