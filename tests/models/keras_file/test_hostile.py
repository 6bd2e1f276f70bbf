"""No file makes Keras run code, open a socket or read another file; each is refused in one line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.commands import child, printed_by
from tests.models.keras_file.hostile import CASES

pytestmark = pytest.mark.slow


def tried() -> dict[str, Any]:
    """One process for all files; under tensorflow, where lookups read files and buckets."""
    return dict(printed_by(child("tests.models.keras_file.child", "tensorflow")))


def test_a_sound_file_loads_and_opens_nothing_else() -> None:
    found = tried()["sound"]
    assert found["said"] is None
    assert {Path(name).name for name in found["happened"]} == {"good.keras"}


@pytest.mark.parametrize("name", CASES)
def test_each_hostile_file_is_refused_in_one_line_before_keras_sees_it(name: str) -> None:
    found = tried()[name]
    assert found["said"] is not None and "\n" not in found["said"]
    _, _, said = found["said"].partition(f"{name}.keras: ")
    assert re.fullmatch(CASES[name][1] + "; not loaded", said), said
    assert {Path(file).name for file in found["happened"]} <= {f"{name}.keras"}, "and it looked at the file alone"


def test_weights_of_another_model_are_one_line() -> None:
    said = tried()["weights of another model"]["said"].partition("other.keras: ")[2]
    assert said == (
        "the weights are another model's: 1 of its layers do not take them, such as <Dense name=y, built=True> "
        "(Layer 'y' expected 2 variables, but received 0 variables during loading. Expected: ['kernel', 'bias'])"
    )


def test_whatever_a_declaration_may_name_loads_again() -> None:
    assert tried()["not allowed"] == []
