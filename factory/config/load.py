"""SHARED: one YAML tree, composed and refused or accepted before any framework starts.

config = load(["model=mlp", "train.backend=jax"])   # compose, validate, check that what it needs is installed
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

from factory.config.composition.compose import Config, compose_config
from factory.config.composition.saved import reload_config
from factory.config.named_files import existing
from factory.config.packages import check_packages
from factory.config.schema.crosschecks import misfits
from factory.config.schema.nodes import Judged, refusals
from factory.config.schema.plugins import file_options
from factory.core.errors import ConfigError
from factory.core.messages import is_missing
from factory.core.rundir import RunDir


def load_config(overrides: Sequence[str], config_dir: str | None = None, config_name: str = "config") -> Config:
    """Compose, validate and check packages.

    Raises:
        ConfigError: every fault, one line each.
        MissingPackage: the config is right, and something that it needs is not installed.
    """
    config = compose_config(overrides, config_dir, config_name)
    validate_config(config.tree)
    check_packages(config.tree)
    return config


def resumed(run: RunDir) -> Config:
    """The config of a run folder, judged like one that was typed: anybody may have edited it.

    Raises:
        ConfigError: every fault, one line each with the file.
        MissingPackage: as in `load`.
    """
    config = reload_config(run)
    try:
        validate_config(config.tree)
    except ConfigError as error:
        raise ConfigError([f"{run.config}: {problem}" for problem in error.problems]) from error
    check_packages(config.tree)
    return config


def validate_config(tree: Mapping[str, Any], judged: Judged | None = None, *, whole: bool = True) -> None:
    """Refuse a tree that is not what it must be.

    Args:
        tree: resolved, as ``Config.tree``.
        judged: faults of nodes that were judged before; grows. The jobs of a sweep share most of their nodes.
        whole: whether a value that must be given and was not is a fault.

    Raises:
        ConfigError: all faults at once, one line each; how nodes fit each other is judged where both are right.
    """
    problems = list(refusals(tree, {} if judged is None else judged))
    at_fault = {re.split(r"[.:\[]", problem)[0] for problem in problems}
    problems += misfits(tree, tree.keys() - at_fault)
    if not whole:
        problems = [problem for problem in problems if not is_missing(problem)]
    if problems:
        raise ConfigError(problems)


def require_data(data: Mapping[str, Any]) -> None:
    """Refuse a ``data`` node whose files are not there: known at once, where reading them waits for a framework.

    Raises:
        MissingFile: as `existing` does.
    """
    named = {f"data.{option}": data.get(option) for option in file_options("data/sources", data["source"])}
    named["data.split.file"] = (data.get("split") or {}).get("file")
    for key, path in named.items():
        if isinstance(path, str) and "://" not in path and not os.path.isdir(path):
            existing(path, key)
