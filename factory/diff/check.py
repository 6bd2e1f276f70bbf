"""PARENT: The command ``python -m factory check``: compose, validate and build every composition that the groups offer.

Nothing is trained.
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
from factory.config.composition.folders import config_search_path, is_block_file
from factory.config.composition.plain import NotPlain
from factory.config.load import validate_config
from factory.config.schema.nodes import Judged
from factory.core.errors import ConfigError
from factory.core.printable import visible
from factory.diff import layer_tables
from factory.diff.compositions import COMMAND, DEFAULT


def check(words: Sequence[str], config_dir: str | None) -> str:
    """Compose, validate and build the default, each option of each group and each experiment.

    An option is composed with the overrides of the command at the head of its YAML.

    Models are built once all is composed and valid, by shapes alone, in one process.

    Args:
        words: overrides of the command line; where there are any, only the composition they name is checked.
        config_dir: the user's folder of config groups; where given, only its YAMLs and the default are checked.

    Returns:
        One line with the number of sound compositions, then a line for each model that cannot be built on this machine.

    Raises:
        ConfigError: something is wrong; each problem is listed once, behind the file it is in.
        FactoryError: no model can be built on this machine.
    """
    overrides_by_name = {"overrides": list(words)} if words else dict(commands(config_search_path(config_dir)[0]))
    trees: dict[str, Mapping[str, Any]] = {}
    problems: dict[str, list[str]] = {}
    judged: Judged = {}
    for name, overrides in overrides_by_name.items():
        try:
            trees[name] = _tree(overrides, config_dir)
            validate_config(trees[name], judged)
        except ConfigError as error:
            for problem in error.problems:
                problems.setdefault(problem, []).append(name)
    missing = {} if problems else _build(trees, problems)
    if problems:
        raise ConfigError([problem if words else _placed(problem, names) for problem, names in problems.items()])
    count = len(overrides_by_name)
    sound = "1 composition is" if count == 1 else f"{count} compositions are"
    return "\n".join([f"{sound} sound", *(f"not built: {visible(name)}: {why}" for name, why in missing.items())])


def _build(trees: Mapping[str, Mapping[str, Any]], problems: dict[str, list[str]]) -> dict[str, str]:
    """Build every model and add what is wrong with it to ``problems``.

    Returns:
        Name → why it cannot be built on this machine, such as a file that is not here.
    """
    missing = {}
    with tempfile.TemporaryDirectory(prefix="factory-check-", ignore_cleanup_errors=True) as folder:
        built = layer_tables.describe_models([*trees.values()], Path(folder))
    for name, description in zip(trees, built, strict=True):
        if description.get("missing"):
            missing[name] = description["error"]
        elif "error" in description:
            for problem in description["error"].split("\n"):
                problems.setdefault(problem, []).append(name)
    return missing


def _placed(problem: str, names: Sequence[str]) -> str:
    """Return a problem behind the file it is in.

    Most compositions with a problem in ``model`` merely use the default's model, so the file of that group is named.
    """
    group = f"/{problem.partition(':')[0].partition('.')[0]}/"
    name = next((name for name in names if group in name), names[0])
    others = f"; {len(names) - 1} others have it too" if len(names) > 1 else ""
    return f"{name}: {problem}{others}"


def _tree(overrides: Sequence[str], config_dir: str | None) -> Mapping[str, Any]:
    """Return the composed tree; Hydra composes it where values are set or the groups need Hydra."""
    search_path, pairs = config_search_path(config_dir), [word.partition("=") for word in overrides]
    try:
        if all(any((folder / key).is_dir() for folder in search_path) for key, _, _ in pairs):
            return plain.compose(plain.Groups(search_path), {key: yaml.safe_load(value) for key, _, value in pairs})
    except NotPlain:
        pass
    return compose_config(overrides, config_dir).tree


def commands(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield each YAML's name with the overrides of the command at its head, or with the option alone."""
    yield DEFAULT, []
    for path in sorted(folder.rglob("*.yaml")):
        group = path.parent.relative_to(folder).as_posix()
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith(COMMAND)]
        if group == "." or group.startswith("hydra") or is_block_file(path, folder):
            continue
        option = f"{group}=[{path.stem}]" if "/" in group else f"{group}={path.stem}"
        typed = [word for word in shlex.split(lines[0].removeprefix(COMMAND)) if "=" in word] if lines else []
        own = path.stem in " ".join(typed) or path.stem == "default"
        yield f"{folder.name}/{path.relative_to(folder).as_posix()}", _without_folder(typed) if own else [option]


def _without_folder(words: list[str]) -> list[str]:
    """Return the overrides of an example without those that only name folders of the machine."""
    return [word for word in words if not word.startswith(("--", "hydra."))]
