"""A config as the files of ``.hydra/`` in its run folder, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from factory.config.compose import Config
from factory.errors import ConfigError
from factory.rundir import RunDir, write_text

LINE = 1000
"""Columns before YAML breaks a line."""


def save(config: Config, folder: Path) -> None:
    """Write config.yaml, hydra.yaml and overrides.yaml as Hydra does, each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    hydra = {"hydra": config.hydra}
    for name, content in (("hydra", hydra), ("overrides", list(config.overrides)), ("config", config.tree)):
        write_text(folder / f"{name}.yaml", yaml.safe_dump(content, sort_keys=False, width=LINE, allow_unicode=True))


def reload(run: RunDir) -> Config:
    """The config of a run folder.

    Raises:
        ConfigError: the folder holds no run.
    """
    if not run.config.is_file():
        raise ConfigError(f"{run.path}: no run is here; takes a folder that holds {run.config.relative_to(run.path)}")
    read = {name: _read(run.config.with_name(f"{name}.yaml")) for name in ("config", "hydra", "overrides")}
    hydra = (read["hydra"] or {}).get("hydra", {})
    choices = hydra.get("runtime", {}).get("choices", {})
    return Config(read["config"], str(run.path), True, tuple(read["overrides"] or ()), hydra, choices)


def _read(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: {' '.join(str(error).split())}") from error
