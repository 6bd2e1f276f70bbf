"""README.md says what the product does: its outputs are made by commands and compared here."""

from __future__ import annotations

import ast
import re

import pytest

from factory.core.errors import FactoryError
from tests.commands import ROOT
from tests.readme import BLOCK, CONTRIBUTING, README, output_of, rooms_table, targets_table

TEXT = README.read_text()
BLOCKS = {match["command"]: match["output"] for match in BLOCK.finditer(TEXT)}
RUNS = {command for command in BLOCKS if "train.backend=torch" in command}


def masked(text: str) -> list[str]:
    """Lines without figures: times differ from machine to machine."""
    lines = (re.sub(r"[\d.,]+(e[+-]\d+)?", "#", line) for line in text.splitlines())
    return [" ".join(line.replace("─", "").split()) for line in lines]


@pytest.mark.parametrize("command", sorted(set(BLOCKS) - RUNS))
def test_printed_output_is_what_the_command_prints(command: str) -> None:
    assert output_of(command) == BLOCKS[command]


@pytest.mark.slow
@pytest.mark.parametrize("command", sorted(RUNS))
def test_a_printed_run_is_what_the_command_prints_but_for_figures(command: str) -> None:
    assert masked(output_of(command)) == masked(BLOCKS[command])


def test_the_table_of_targets_is_made_from_conf() -> None:
    assert targets_table() in TEXT


def test_the_table_of_rooms_is_made_from_their_docstrings() -> None:
    assert rooms_table() in CONTRIBUTING.read_text()


def test_every_step_of_a_run_is_where_the_map_says() -> None:
    steps = re.findall(r"`(factory/\S+\.py): (\w+)`", CONTRIBUTING.read_text())
    assert len(steps) >= 10
    for path, name in steps:
        parts = ast.parse((ROOT / path).read_text()).body
        assert name in {getattr(part, "name", None) for part in parts}, (path, name)


def test_every_module_begins_with_the_process_that_it_runs_in() -> None:
    for path in sorted((ROOT / "factory").glob("*/**/*.py")):
        text = ast.get_docstring(ast.parse(path.read_text())) or ""
        assert re.match(r"(PARENT|CHILD|SHARED|NODE): \S", text), path


def test_every_exit_code_is_documented() -> None:
    def codes(kind: type[FactoryError]) -> set[int]:
        return {kind.exit_code}.union(*(codes(child) for child in kind.__subclasses__()))

    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", TEXT, re.MULTILINE)}
    assert documented == codes(FactoryError) | {0}


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in ("README.md", "CONTRIBUTING.md"):
        named = set(re.findall(r"\bmake ([a-z]+)\b", (ROOT / page).read_text()))
        assert named <= targets
