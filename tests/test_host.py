"""Commands that are forked do what commands from nothing do; what deals out the files knows them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.commands import FACTORY, environment, host
from tests.conftest import FIRST, TOGETHER


@pytest.mark.parametrize(
    "words", [["model.hiden=3"], ["--cfg", "job", "seed=7"], ["list"], ["--help"], ["", "ö\udcff"]]
)
@pytest.mark.slow
def test_forked_command_says_what_one_from_nothing_says(words: list[str], tmp_path: Path) -> None:
    real = subprocess.run([*FACTORY, *words], cwd=tmp_path, capture_output=True, text=True, env=environment())
    assert host().perform(words, tmp_path, environment(), 60) == (real.returncode, real.stdout, real.stderr)


def test_forked_command_has_the_variables_it_is_given(tmp_path: Path) -> None:
    variables = environment() | {"WHO": "anna"}
    code, out, err = host().perform(["--cfg", "job", "--resolve", "name=${oc.env:WHO}"], tmp_path, variables, 60)
    assert (code, err) == (0, "") and "anna" in out
    assert "WHO" not in os.environ


def test_forked_command_that_takes_too_long_is_killed_and_the_next_one_is_not(tmp_path: Path) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        host().perform(["--help"], tmp_path, environment(), 0)
    assert host().perform(["--version"], tmp_path, environment(), 60)[0] == 0


def test_variables_that_python_reads_at_its_start_ask_for_another_process() -> None:
    assert host().fits(environment() | {"WHO": "anna"})
    assert not host().fits(environment() | {"PYTHONPATH": "elsewhere"})


@pytest.mark.parametrize("file", sorted({*FIRST, *TOGETHER}))
def test_files_that_are_named_are_there(file: str) -> None:
    assert (Path(__file__).parent / file).is_file()
