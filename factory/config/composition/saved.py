"""PARENT: Writing a config to the files of ``.hydra/`` in its run folder, and reading it back."""

from __future__ import annotations

from pathlib import Path

import yaml

from factory.config.composition.compose import Config
from factory.core.errors import ConfigError
from factory.core.files import write_text
from factory.core.read_documents import read_hydra, read_overrides, read_yaml
from factory.core.rundir import RunDir

LINE = 1000
"""Columns before YAML breaks a line."""


def save_config(config: Config, folder: Path) -> None:
    """Write config.yaml, hydra.yaml and overrides.yaml as Hydra does, each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    hydra = {"hydra": config.hydra}
    for name, content in (("hydra", hydra), ("overrides", list(config.overrides)), ("config", config.tree)):
        write_text(folder / f"{name}.yaml", yaml.safe_dump(content, sort_keys=False, width=LINE, allow_unicode=True))


def reload_config(run: RunDir) -> Config:
    """Read the config of a run folder; validating it is up to `factory.config.load`.

    Raises:
        ConfigError: the folder holds no run, or its files are not valid YAML.
    """
    if not run.config.is_file():
        raise ConfigError(f"{run.path}: no run is here; takes a folder that holds {run.config.relative_to(run.path)}")
    hydra = read_hydra(run)
    choices = hydra.get("runtime", {}).get("choices", {})
    return Config(read_yaml(run.config), str(run.path), True, read_overrides(run), hydra, choices)
