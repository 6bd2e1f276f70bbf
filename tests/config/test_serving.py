"""The serving command of a target is text with four words in it, and never a program."""

from __future__ import annotations

from pathlib import Path

import pytest

from factory.config.composition.compose import compose_config
from factory.config.load import validate_config
from factory.config.serving import serving_command
from factory.core.errors import ConfigError
from tests.commands import factory


def test_the_four_words_are_replaced_and_quoted(tmp_path: Path) -> None:
    version = tmp_path / "on nx" / "cat" / "3"
    assert serving_command("serve {name} {model} --in={repository} {version}", version) == (
        f"serve cat '{tmp_path}/on nx/cat' --in='{tmp_path}/on nx' '{version}'"
    )


def test_a_word_inside_a_folder_stays_what_it_is(tmp_path: Path) -> None:
    assert serving_command("serve {name}", tmp_path / "{version}" / "3") == "serve '{version}'"


@pytest.mark.parametrize("template", ["{model.joinpath.__globals__[os].environ}", "{name:>999999999}", "{name!r}", "{"])
def test_what_a_format_string_would_run_is_text(template: str, tmp_path: Path) -> None:
    assert serving_command(template, tmp_path / "cat" / "3") == template


REFUSED = ["{name.__class__}", "{name:>999999999}", "{nmae}", "{{name}}", "serve\nrm {name}", "\x1b[2J"]


@pytest.mark.parametrize("template", REFUSED)
def test_other_braces_and_other_lines_are_refused(template: str) -> None:
    tree = compose_config(["deploy/target=[onnx]"]).tree
    tree["deploy"]["target"]["onnx"]["serve"] = template
    with pytest.raises(ConfigError) as caught:
        validate_config(tree)
    assert str(caught.value) == (
        f"deploy.target.onnx.serve: got {template!r}; "
        "takes a command in one line, no braces but those of {name}, {model}, {repository}, {version} or null"
    )


def test_a_strangers_yaml_shows_no_secret(tmp_path: Path) -> None:
    (tmp_path / "deploy" / "target").mkdir(parents=True)
    text = "stolen:\n  serve: x\nsaved_model:\n  serve: '{model.joinpath.__globals__[os].environ}'\n"
    (tmp_path / "deploy" / "target" / "saved_model.yaml").write_text(text)
    done = factory("check", "--config-dir", str(tmp_path), "deploy/target=[saved_model]")
    assert done.code == 2
    assert "PYTHONPATH" not in done.out + done.err
