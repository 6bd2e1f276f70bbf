"""conf/schema.json: current, right about every YAML of conf/, and able to refuse."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from factory.config.composition.block_files import read_block
from factory.config.composition.folders import block_files, package_conf
from factory.config.schema.json_schema import text

SCHEMA = json.loads((package_conf() / "schema.json").read_text(encoding="utf-8"))
YAMLS = sorted(package_conf().rglob("*.yaml"))


def definition(path: Path) -> str:
    group = path.parent.relative_to(package_conf()).as_posix()
    return {".": "experiment", "deploy/target": "target", "model/block": "block"}.get(group, group)


def accepts(name: str, content: Any) -> bool:
    return Draft202012Validator({**SCHEMA, "$ref": f"#/$defs/{name}"}).is_valid(content)


@pytest.mark.slow
def test_schema_is_current() -> None:
    current = text({name: read_block(path) for name, path in block_files([package_conf()]).items()})
    assert (package_conf() / "schema.json").read_text(encoding="utf-8") == current, "python -m factory schema"


@pytest.mark.slow
def test_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", YAMLS, ids=lambda path: path.relative_to(package_conf()).as_posix())
def test_every_yaml_is_accepted_and_names_its_schema(path: Path) -> None:
    content = path.read_text(encoding="utf-8")
    assert accepts(definition(path), yaml.safe_load(content))
    (line,) = (line for line in content.splitlines() if line.startswith("# yaml-language-server: $schema="))
    file, _, pointer = line.partition("=")[2].partition("#")
    assert (path.parent / file).resolve() == package_conf() / "schema.json"
    assert pointer == f"/$defs/{definition(path)}"


WRONG: dict[str, tuple[str, Any]] = {
    "an unknown option": ("model", {"kind": "mlp", "hiden": [3]}),
    "an unknown layer": ("model", {"kind": "layers", "layers": {"a": "Conv2d"}}),
    "an unknown argument": ("model", {"kind": "layers", "layers": {"a": {"Dense": {"unit": 3}}}}),
    "a layer and another": ("model", {"kind": "layers", "layers": {"a": {"Dense": {"units": 3}, "Flatten": {}}}}),
    "too small a number": ("model", {"kind": "mlp", "hidden": [0]}),
    "an unknown activation": ("model", {"kind": "mlp", "hidden": [3], "activation": "rellu"}),
    "an unknown argument in a graph": ("model", {"kind": "graph", "nodes": {"a": {"Dense": {"unit": 3}, "from": "x"}}}),
    "an unknown backend": ("train", {"backend": "pytorch"}),
    "an unknown optimizer": ("optimizer", {"name": "Adamm"}),
    "an unknown key of an experiment": ("experiment", {"trian": {}}),
    "a wrong value inside an experiment": ("experiment", {"train": {"epochs": "many"}}),
    "an unknown target": ("target", {"onx": {}}),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_the_parent_would_refuse_is_refused(what: str) -> None:
    name, content = WRONG[what]
    assert not accepts(name, copy.deepcopy(content))


def test_interpolations_are_accepted_anywhere() -> None:
    assert accepts("model", {"kind": "layers", "layers": {"a": {"Dense": {"units": "${data.classes}"}}}})
    assert accepts("train", {"epochs": "${oc.env:EPOCHS}", "backend": "???"})
