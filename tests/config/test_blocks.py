"""Blocks: what a model with blocks expands to, what is refused at which line, and where blocks may lie."""

from __future__ import annotations

import copy
import json
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from factory.config.blocks.expand import at_declarations, expand, needs_expansion
from factory.config.composition import plain
from factory.config.composition.compose import compose_config
from factory.config.composition.folders import package_conf
from factory.config.load import validate_config
from factory.core.errors import ConfigError
from factory.pipeline.plan import Plan

BLOCKS = """
unit:
  size: <Size>
  activation: relu
  nodes:
    dense: {Dense: {units: $size, activation: $activation}}
    norm: LayerNormalization
"""


def model(nodes: str, blocks: str = BLOCKS, **more: Any) -> dict[str, Any]:
    return {"kind": "graph", "blocks": yaml.safe_load(blocks), "nodes": yaml.safe_load(nodes), **more}


def wiring(declared: dict[str, Any]) -> dict[str, Any]:
    """Name of an expanded node → where its inputs come from."""
    return {name: node["from"] for name, node in expand(declared).model["nodes"].items()}


def layers(declared: dict[str, Any]) -> dict[str, Any]:
    """Name of an expanded node → its layer."""
    nodes = expand(declared).model["nodes"]
    return {name: {key: part for key, part in node.items() if key != "from"} for name, node in nodes.items()}


def faults(declared: dict[str, Any]) -> list[str]:
    """What is wrong with a model, in the midst of an otherwise valid config."""
    tree = {**compose_config(["model=mlp", "data=digits"]).tree, "model": declared}
    with pytest.raises(ConfigError) as caught:
        validate_config(tree)
    return caught.value.problems


# ---- what a model expands to


def test_a_use_becomes_the_nodes_of_its_block_named_after_it() -> None:
    found = expand(model("{first: {unit: {size: 8}}, head: {Dense: {units: 3}}}")).model
    assert found == {
        "kind": "graph",
        "nodes": {
            "first-dense": {"Dense": {"units": 8, "activation": "relu"}, "from": "<data.input>"},
            "first-norm": {"LayerNormalization": {}, "from": "first-dense"},
            "head": {"Dense": {"units": 3}, "from": "first-norm"},
        },
        "outputs": "head",
    }


def test_a_stack_of_layers_with_blocks_is_the_same_graph() -> None:
    nodes = "{first: {unit: {size: 8}}, head: {Dense: {units: 3}}}"
    stack = {"kind": "layers", "blocks": yaml.safe_load(BLOCKS), "layers": yaml.safe_load(nodes)}
    assert expand(stack).model == expand(model(nodes)).model


def test_repetitions_follow_each_other_and_the_first_and_last_may_differ() -> None:
    declared = model("{a: {unit: {size: 8}, repeat: 3, first: {size: 4}, last: {activation: gelu}}}")
    found = layers(declared)
    assert [found[f"a-block{n}-dense"]["Dense"] for n in (1, 2, 3)] == [
        {"units": 4, "activation": "relu"},
        {"units": 8, "activation": "relu"},
        {"units": 8, "activation": "gelu"},
    ]
    assert wiring(declared)["a-block2-dense"] == "a-block1-norm"
    assert expand(declared).model["outputs"] == "a-block3-norm"


def test_each_gives_every_repetition_its_own_value_and_says_how_many_there_are() -> None:
    found = layers(model("{a: {Dense: {units: 1, use_bias: false}, each: {units: [4, 5, 6]}}}"))
    assert {name: node["Dense"]["units"] for name, node in found.items()} == {
        "a-layer1": 4,
        "a-layer2": 5,
        "a-layer3": 6,
    }
    assert all(node["Dense"]["use_bias"] is False for node in found.values())


def test_a_way_around_adds_the_input_itself_or_what_a_layer_or_block_makes_of_it() -> None:
    declared = model("{x: Flatten, a: {unit: {size: 8}, skip: true}, b: {unit: {size: 8}, skip: {unit: {size: 8}}}}")
    found = wiring(declared)
    assert found["a-sum"] == ["a-norm", "x"]
    assert (found["b-dense"], found["b-skip-dense"], found["b-sum"]) == ("a-sum", "a-sum", ["b-norm", "b-skip-norm"])
    assert expand(declared).model["outputs"] == "b-sum"


def test_a_parameter_may_be_a_layer_or_a_block_and_blocks_lie_in_blocks() -> None:
    blocks = (
        BLOCKS
        + "outer: {inside: {unit: {size: 2}}, way: false, nodes: {one: $inside, again: {$inside: {}, skip: $way}}}"
    )
    declared = model("{a: {outer: {}}, b: {outer: {inside: {Dense: {units: 5}}, way: true}}}", blocks)
    found = layers(declared)
    assert found["a-one-dense"] == {"Dense": {"units": 2, "activation": "relu"}}
    assert found["b-again"] == {"Dense": {"units": 5}}
    assert [name for name in found if name.endswith("-sum")] == ["b-again-sum"]


def test_a_default_may_hold_parameters_that_are_declared_before_it() -> None:
    way = "way: {size: <Size>, around: {unit: {size: $size}}, nodes: {inside: {Dense: {units: $size}, skip: $around}}}"
    found = layers(model("{a: {way: {size: 7}}, b: {way: {size: 3, around: true}}}", BLOCKS + way))
    assert found["a-inside-skip-dense"] == {"Dense": {"units": 7, "activation": "relu"}}
    assert "b-inside-sum" in found and "b-inside-skip-dense" not in found


def test_inputs_and_outputs_of_a_block_have_names() -> None:
    nodes = "{both: {Add: {}, from: [h, x]}, out: {Dense: {units: 2}}}"
    cell = f"cell: {{inputs: [h, x], nodes: {nodes}, outputs: {{h: both, y: out}}}}"
    declared = model("{a: {cell: {}, from: {x: p, h: q}, repeat: 2}, end: {Dense: {units: 1}, from: a.y}}", cell)
    found = wiring(declared)
    assert found["a-block1-both"] == ["q", "p"]
    assert found["a-block2-both"] == ["a-block1-both", "p"]  # an output in the place of the input of its name
    assert found["end"] == "a-block2-out"


def test_same_as_calls_every_layer_of_a_block_again() -> None:
    declared = model("{left: {unit: {size: 8}, from: a, repeat: 2, skip: true}, right: {same_as: left, from: b}}")
    found = layers(declared)
    pairs = {name: node["same_as"] for name, node in found.items() if "same_as" in node}
    assert pairs == {
        name: name.replace("right", "left") for name in found if name.startswith("right") and "sum" not in name
    }
    assert wiring(declared)["right-block1-sum"] == ["right-block1-norm", "b"]


def test_what_a_model_without_blocks_may_leave_out() -> None:
    short = {"kind": "graph", "nodes": {"a": "Flatten", "b": {"Dense": {"units": 2}}}, "outputs": {"y": "b"}}
    assert expand(short).model["nodes"] == {
        "a": {"Flatten": {}, "from": "<data.input>"},
        "b": {"Dense": {"units": 2}, "from": "a"},
    }


@pytest.mark.parametrize("name", ["graph", "cnn", "mlp", "multi", "attention"])
def test_a_model_without_blocks_is_left_as_it_is(name: str) -> None:
    tree = compose_config([f"model={name}"]).tree
    assert not needs_expansion(tree["model"])
    assert expand(tree["model"]).model is tree["model"]


# ---- what is refused, and where

REFUSED = {
    "{a: {unit: {sise: 8}}}": [
        "model.nodes.a.unit.size: missing; takes an integer of at least 1",
        "model.nodes.a.unit.sise: unknown key; takes size, activation; did you mean 'size'?",
    ],
    "{a: {unit: {size: 0}}}": ["model.nodes.a.unit.size: got 0; takes an integer of at least 1"],
    "{a: {unit: {size: 8, activation: rellu}}}": [
        "model.nodes.a.unit.activation: got 'rellu'; takes an activation of keras.activations or null; "
        "did you mean 'relu'? (in a-dense)"
    ],
    "{a: {unit: {size: 8}, repeat: 0}}": ["model.nodes.a.repeat: got 0; takes an integer of at least 1"],
    "{a: {unit: {size: 8}, repeat: 2, first: {activation: rellu}}}": [
        "model.nodes.a.first.activation: got 'rellu'; takes an activation of keras.activations or null; "
        "did you mean 'relu'? (in a-block1-dense)"
    ],
    "{a: {unit: {size: 8}, repeat: 3, each: {size: [1, 2]}}}": [
        "model.nodes.a.each.size: got 2 values; takes 3, one for each repetition"
    ],
    "{a: {unit: {size: 8}, first: {size: 3}}}": [
        "model.nodes.a.first: got arguments of a repetition; takes repeat beside it"
    ],
    "{a: {unti: {size: 8}}}": [
        "model.nodes.a: got 'unti'; takes a layer of keras.layers or a block (unit); did you mean 'unit'?"
    ],
    "{a: {unit: {size: 8}, skip: 3}}": ["model.nodes.a.skip: got 3; takes true, false, or a layer or block"],
    "{a: {unit: {size: 8}, from: [x, y]}}": [
        "model.nodes.a.from: got 2 inputs; takes those of model.blocks.unit: input"
    ],
    "{a: {unit: {size: 8}}, b: {same_as: c}}": ["model.nodes.b.same_as: got 'c'; takes a, b"],
    "{a: {unit: {size: 8}, from: b}, b: {ReLU: {}, from: a}}": [
        "model.nodes: cycle: a → b → a; takes a graph without a cycle"
    ],
    "{a-b: {unit: {size: 8}}}": ["model.nodes.a-b: got 'a-b'; takes a Python identifier that begins with a letter"],
    "{a: {unit: {size: 8}}, b: {ReLU: {}, from: a.norm}}": ["model.nodes.b.from: got 'a.norm'; takes a"],
}


@pytest.mark.parametrize("nodes", REFUSED)
def test_a_wrong_use_is_named_where_it_is_written(nodes: str) -> None:
    assert faults(model(nodes)) == REFUSED[nodes]


TWICE = "{a: {b: {}, repeat: 2}}"
WRONG_BLOCKS = {
    "b: {nodes: {d: {Dense: {unit: 3}}}}": [
        "model.blocks.b.nodes.d.Dense.units: missing; takes an integer of at least 1 (in a-block1-d and 1 more)",
        "model.blocks.b.nodes.d.Dense.unit: unknown key; takes units, activation, use_bias, kernel_initializer, "
        "bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer, kernel_constraint, "
        "bias_constraint, …; did you mean 'units'? (in a-block1-d and 1 more)",
    ],
    "b: {units: 0, nodes: {d: {Dense: {units: $units}}}}": [
        "model.blocks.b.units: got 0; takes an integer of at least 1 (in a-block1-d and 1 more)"
    ],
    "b: {units: 3, nodes: {d: {Dense: {units: $unit}}}}": [
        "model.blocks.b.units: never used; takes a place in the block's nodes as $units",
        "model.blocks.b.nodes: got '$unit'; takes parameters of the block: $units; did you mean '$units'?",
    ],
    "b: {one: $two, two: 3, nodes: {d: {Dense: {units: $one}}}}": [
        "model.blocks.b.one: got '$two'; takes no $: no parameter is before it",
    ],
    "b: {units: <Sise>, nodes: {d: {Dense: {units: $units}}}}": [
        "model.blocks.b.units: got '<Sise>'; takes a type of Activation, Any, Application, Arguments, "
        "FilePath, Layer, Rate, Size, bool, dict, … in <>, or a default; did you mean 'Size'?",
        "model.nodes.a.b.units: missing; takes a value",
    ],
    "b: {nodes: {d: {Dense: {units: 3}}, e: {ReLU: {}, from: inptu}}}": [
        "model.blocks.b.nodes.e.from: got 'inptu'; takes d, e, input; did you mean 'input'?"
    ],
    "b: {nodes: {d: Flatten, e: Flatten, f: {ReLU: {}, from: d}}}": [
        "model.blocks.b.nodes.e: never used; takes a place in another node's from, or in outputs "
        "(in a-block1-e and 1 more)"
    ],
    "b: {nodes: {d: {ReLU: {}, from: e}, e: {ReLU: {}, from: d}}}": [
        "model.blocks.b.nodes: cycle: d → e → d; takes a graph without a cycle"
    ],
    "b: {outputs: x, nodes: {d: Flatten}}": ["model.blocks.b.outputs: got 'x'; takes d"],
    "{b: {nodes: {d: Flatten}}, bb: {size: 3}}": [
        "model.blocks.bb.nodes: missing; takes name → layer or block; did you mean 'b'?"
    ],
    "{b: {nodes: {d: Flatten}}, repeat: {nodes: {d: Flatten}}}": [
        "model.blocks.repeat: got 'repeat'; takes a Python identifier that begins with a letter, and no name of a "
        "layer or of from, same_as, repeat, first, last, each, skip"
    ],
}


@pytest.mark.parametrize("blocks", WRONG_BLOCKS)
def test_a_wrong_block_is_named_once_with_the_nodes_that_have_it(blocks: str) -> None:
    assert faults(model(TWICE, blocks)) == WRONG_BLOCKS[blocks]


def test_what_keras_says_of_an_expanded_layer_is_put_where_it_was_declared() -> None:
    declared = model("{a: {unit: {size: 8}, repeat: 2}, head: {Dense: {units: 3}}}")
    said = ["model.nodes.a-block2-norm: bad shape", "model.nodes.head.Dense: bad units", "data.path: no such file"]
    assert at_declarations(ConfigError(said), declared).problems == [
        "model.blocks.unit.nodes.norm: bad shape (in a-block2-norm)",
        "model.nodes.head.Dense: bad units",
        "data.path: no such file",
    ]


BOMBS = {
    "repetitions": ("{a: {b: {}, repeat: 1000000000}}", "b: {nodes: {d: Flatten}}"),
    "repetitions inside each other": (
        "{a: {c: {}, repeat: 1000}}",
        "{b: {nodes: {d: {ReLU: {}, repeat: 1000}}}, c: {nodes: {d: {b: {}, repeat: 1000}}}}",
    ),
    "a block in itself": ("{a: {b: {}}}", "b: {nodes: {d: {b: {}}, e: {b: {}}}}"),
    "blocks in each other": ("{a: {b: {}}}", "{b: {nodes: {d: {c: {}}}}, c: {nodes: {d: {b: {}}}}}"),
    "values": (
        "{a: {b0: {v: [1]}}}",
        "".join(f"b{n}: {{v: 0, nodes: {{d: {{b{n + 1}: {{v: [{'$v, ' * 9}]}}}}}}}}\n" for n in range(19))
        + "b19: {v: 0, nodes: {d: {Reshape: {target_shape: $v}}}}",
    ),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_one_line_at_once(bomb: str) -> None:
    before = time.process_time()
    problems = faults(model(*BOMBS[bomb]))
    assert len(problems) == 1 and "; takes " in problems[0]
    assert len(problems[0]) < 300
    assert time.process_time() - before < 5  # seconds; unbounded they would take years


# ---- files, overrides, keys


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    """A folder of groups with a block in a file, which holds another, and a model that uses it."""
    (tmp_path / "model" / "block").mkdir(parents=True)
    (tmp_path / "model" / "block" / "unit.yaml").write_text(
        "size: <Size>\nend: ${data.classes}\n" + yaml.safe_dump(UNIT)
    )
    (tmp_path / "model" / "block" / "twice.yaml").write_text("nodes: {a: {unit: {size: 4}}, b: {unit: {size: 5}}}\n")
    (tmp_path / "model" / "own.yaml").write_text("kind: layers\nlayers: {body: twice, head: {Dense: {units: 10}}}\n")
    return tmp_path


UNIT = {"nodes": {"dense": {"Dense": {"units": "$size"}}, "more": {"Dense": {"units": "$end"}}}}


def test_blocks_in_files_are_found_by_name_also_inside_each_other(conf: Path) -> None:
    tree = compose_config(["model=own", "data.classes=7"], str(conf)).tree
    assert [*tree["model"]["blocks"]] == ["twice", "unit"]
    assert expand(tree["model"]).model["nodes"]["body-b-more"] == {"Dense": {"units": 7}, "from": "body-b-dense"}
    validate_config(tree)


def test_overrides_reach_into_a_block_in_a_file(conf: Path) -> None:
    words = ["model=own", "model.blocks.unit.end=3", "model.blocks.twice.nodes.a.unit.size=9", "model.layers.body=unit"]
    blocks = compose_config(words[:3], str(conf)).tree["model"]["blocks"]
    assert (blocks["unit"]["end"], blocks["twice"]["nodes"]["a"]["unit"]["size"]) == (3, 9)
    assert blocks["unit"]["nodes"] == UNIT["nodes"]


def test_plain_composition_finds_the_same_blocks(conf: Path) -> None:
    places = [conf, package_conf()]
    composed = compose_config(["model=own"], str(conf)).tree
    assert plain.compose(plain.Groups(places), {"model": "own"}) == composed


def test_a_file_that_is_no_block_is_named(conf: Path) -> None:
    file = conf / "model" / "block" / "unit.yaml"
    file.write_text("nodes: {a: '${oc.env:HOME}'}\n")
    with pytest.raises(ConfigError, match=r"unit\.yaml: nodes\.a: got the resolver 'oc\.env'; takes"):
        compose_config(["model=own"], str(conf))
    file.write_text("- Dense\n")
    with pytest.raises(ConfigError, match=r"unit\.yaml: got .*; takes a mapping"):
        compose_config(["model=own"], str(conf))


def test_a_training_is_keyed_by_the_expanded_graph(conf: Path) -> None:
    def key(*words: str) -> str:
        return Plan(compose_config(["model=own", *words], str(conf)).tree).train_key

    assert key() == key("model.blocks.spare={nodes: {a: Flatten}}")  # a block that nothing uses
    assert key() != key("model.blocks.unit.end=3")


def test_parameters_of_blocks_in_files_are_in_the_schema() -> None:
    schema = json.loads((package_conf() / "schema.json").read_text(encoding="utf-8"))
    known = schema["$defs"]["node"]["anyOf"][0]["properties"]["conv"]["anyOf"][0]
    assert known["properties"]["stride"] == {"default": 1} and known["additionalProperties"] is False


# ---- size


def test_a_thousand_nodes_are_expanded_and_judged_within_a_second() -> None:
    """Processor time, of a model all of whose layers come from blocks."""
    declared = model("{a: {unit: {size: 8}, repeat: 333, skip: true}, head: {Dense: {units: 10}}}")
    tree = {**compose_config(["model=mlp", "data=digits"]).tree, "model": declared}
    validate_config(copy.deepcopy(tree))
    before = time.process_time()
    validate_config(tree)
    assert time.process_time() - before < 1
    assert len(expand(declared).model["nodes"]) == 3 * 333 + 1
