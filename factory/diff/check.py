"""PARENT: ``python -m factory check``: every composition of the groups is composed, validated and built; none is
trained."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from factory.config.composition import plain
from factory.config.composition.compose import compose_config
from factory.config.composition.folders import folders
from factory.config.composition.plain import NotPlain
from factory.config.load import validate_config
from factory.config.schema.nodes import Judged
from factory.core.errors import ConfigError
from factory.core.printable import visible
from factory.diff import layer_tables
from factory.diff.compositions import COMMAND, DEFAULT


def check(words: Sequence[str], config_dir: str | None) -> str:
    """Compose, validate and build the default, and each option and experiment as the command at its head uses it.

    Models are built once all is composed and valid, by shapes alone, in one process.

    Args:
        words: overrides; with any, their composition alone is checked.
        config_dir: the user's folder of groups; then its YAMLs alone are checked, and the default.

    Returns:
        What was checked, in one line; then a line for each model that nothing can be said of here.

    Raises:
        ConfigError: every fault once, behind the file it is of.
        FactoryError: nothing can be built here.
    """
    asked = {"overrides": list(words)} if words else dict(commands(folders(config_dir)[0]))
    trees: dict[str, Mapping[str, Any]] = {}
    problems: dict[str, list[str]] = {}
    judged: Judged = {}
    for name, overrides in asked.items():
        try:
            trees[name] = _tree(overrides, config_dir)
            validate_config(trees[name], judged)
        except ConfigError as error:
            for problem in error.problems:
                problems.setdefault(problem, []).append(name)
    missing = {} if problems else _build(trees, problems)
    if problems:
        raise ConfigError([problem if words else _placed(problem, names) for problem, names in problems.items()])
    sound = "1 composition is" if len(asked) == 1 else f"{len(asked)} compositions are"
    return "\n".join([f"{sound} sound", *(f"not built: {visible(name)}: {why}" for name, why in missing.items())])


def _build(trees: Mapping[str, Mapping[str, Any]], problems: dict[str, list[str]]) -> dict[str, str]:
    """Build every model and add what is wrong to the faults.

    Returns:
        Name → why it cannot be built on this machine, such as a file that is not here.
    """
    missing = {}
    with tempfile.TemporaryDirectory(prefix="factory-check-", ignore_cleanup_errors=True) as folder:
        built = layer_tables.built([*trees.values()], Path(folder))
    for name, found in zip(trees, built, strict=True):
        if found.get("missing"):
            missing[name] = found["error"]
        elif "error" in found:
            for problem in found["error"].split("\n"):
                problems.setdefault(problem, []).append(name)
    return missing


def _placed(problem: str, names: Sequence[str]) -> str:
    """The fault behind its file: most compositions with a fault in ``model`` only have the default's model."""
    group = f"/{problem.partition(':')[0].partition('.')[0]}/"
    name = next((name for name in names if group in name), names[0])
    others = f"; {len(names) - 1} others have it too" if len(names) > 1 else ""
    return f"{name}: {problem}{others}"


def _tree(overrides: Sequence[str], config_dir: str | None) -> Mapping[str, Any]:
    """The composed tree; by Hydra where values are set or the groups want it."""
    places, pairs = folders(config_dir), [word.partition("=") for word in overrides]
    try:
        if all(any((place / key).is_dir() for place in places) for key, _, _ in pairs):
            return plain.compose(plain.Groups(places), {key: yaml.safe_load(value) for key, _, value in pairs})
    except NotPlain:
        pass
    return compose_config(overrides, config_dir).tree


def commands(place: Path) -> Iterator[tuple[str, list[str]]]:
    """File → the overrides of its command, or the option by itself where there is none."""
    yield DEFAULT, []
    for path in sorted(place.rglob("*.yaml")):
        group = path.parent.relative_to(place).as_posix()
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith(COMMAND)]
        if group == "." or group.startswith("hydra"):
            continue
        option = f"{group}=[{path.stem}]" if "/" in group else f"{group}={path.stem}"
        typed = [word for word in shlex.split(lines[0].removeprefix(COMMAND)) if "=" in word] if lines else []
        own = path.stem in " ".join(typed) or path.stem == "default"
        yield f"{place.name}/{path.relative_to(place).as_posix()}", _without_folder(typed) if own else [option]


def _without_folder(words: list[str]) -> list[str]:
    """An example may set the run's folder or name its own groups' folder; neither is of the config."""
    return [word for word in words if not word.startswith(("--", "hydra."))]
