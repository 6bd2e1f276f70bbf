"""SHARED: The entry point of the config: compose one YAML tree, then accept or refuse it before a framework starts.

config = load_config(["model=mlp", "train.backend=jax"])
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from factory.config import prechecks
from factory.config.blocks.expand import expand
from factory.config.blocks.origins import Origins, located
from factory.config.composition.compose import Config, compose_config
from factory.config.composition.saved import reload_config
from factory.config.named_files import is_folder, is_pattern, require_file
from factory.config.packages import check_packages
from factory.config.schema.crosschecks import misfits
from factory.config.schema.nodes import Judged, refusals
from factory.config.schema.plugins import file_options
from factory.config.schema.splits import split_files
from factory.core.errors import ConfigError
from factory.core.messages import is_missing
from factory.core.rundir import RunDir


def load_config(overrides: Sequence[str], config_dir: str | None = None, config_name: str = "config") -> Config:
    """Compose a config, validate it and check that the packages it needs are installed.

    Args:
        overrides: as on the command line, such as ``train.epochs=3``.
        config_dir: a folder of config groups that goes before all others.
        config_name: the primary config, without ``.yaml``.

    Raises:
        ConfigError: every problem, one line each.
        MissingPackage: the config is valid, and something that it needs is not installed.
    """
    config = compose_config(overrides, config_dir, config_name)
    validate_config(config.tree)
    check_packages(config.tree)
    return config


def load_run_config(run: RunDir) -> Config:
    """Reload and validate the config of a run folder, which anybody may have edited.

    Raises:
        ConfigError: every problem, one line each with the file.
        MissingPackage: as in `load_config`.
    """
    config = reload_config(run)
    try:
        validate_config(config.tree)
    except ConfigError as error:
        raise ConfigError([f"{run.config}: {problem}" for problem in error.problems]) from error
    check_packages(config.tree)
    return config


def validate_config(tree: Mapping[str, Any], judged: Judged | None = None, *, whole: bool = True) -> None:
    """Refuse a config tree that does not fit the schema.

    Args:
        tree: resolved, as ``Config.tree``.
        judged: a cache of problems by node, which grows: the jobs of a sweep share most of their nodes.
        whole: whether a required value that is missing (``???``) is a problem.

    Raises:
        ConfigError: all problems at once, one line each; nodes are compared with each other where both are valid.
    """
    flat, origins, problems = _expanded(tree)
    refused = refusals(flat, {} if judged is None else judged)
    problems += [line for line in refused if not (problems and _node(line) == "model")]
    invalid = {_node(problem) for problem in problems}
    problems += misfits(flat, tree.keys() - invalid, tree.get("model", {}))
    problems = [*located(problems, origins)]
    if not whole:
        problems = [problem for problem in problems if not is_missing(problem)]
    if problems:
        raise ConfigError(problems)


def _expanded(tree: Mapping[str, Any]) -> tuple[Mapping[str, Any], Origins, list[str]]:
    """Return a config with the flat graph of its model, the origins of its nodes, and the problems of its blocks.

    A model that cannot be expanded stays as it is.
    """
    if not isinstance(tree.get("model"), Mapping):
        return tree, {}, []
    try:
        expanded = expand(tree["model"])
    except ConfigError as error:
        return tree, {}, list(error.problems)
    return {**tree, "model": expanded.model}, expanded.origins, []


def _node(problem: str) -> str:
    """Return the node of the config that a problem is in: the first word of its path."""
    return re.split(r"[.:\[]", problem)[0]


def require_data(data: Mapping[str, Any]) -> None:
    """Refuse a ``data`` node whose files do not exist, at once rather than when a framework has started.

    Raises:
        MissingFile: as `require_file` does.
        DataError: as the source's file in `factory.config.prechecks` does, where there is one.
    """
    name = f"{prechecks.__name__}.{data['source']}"
    if find_spec(name):
        import_module(name).check(data)
    named = {f"data.{option}": data.get(option) for option in file_options("data/sources", data["source"])}
    for key, path in {**named, **split_files(data)}.items():
        if isinstance(path, str) and "://" not in path and not is_folder(path) and not is_pattern(path):
            require_file(path, key)
