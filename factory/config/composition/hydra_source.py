"""PARENT: The config source through which Hydra reads config groups, so that each file is checked before use."""

from __future__ import annotations

import re
from pathlib import Path

from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra.core.object_type import ObjectType
from hydra.plugins.config_source import ConfigResult, ConfigSource
from omegaconf import OmegaConf

from factory.config.composition import yaml_files
from factory.config.composition.untrusted_yaml import refusals
from factory.core.errors import ConfigError

SCHEME = "conf"
HEADER = re.compile(r"#\s*@(\w+)(.*)")
LONGEST = 200  # characters of a name: file systems take 255


class Groups(FileConfigSource):
    """A Hydra config source of the scheme ``conf:///path``: a folder of config groups."""

    def __init__(self, provider: str, path: str) -> None:
        ConfigSource.__init__(self, provider, path)

    @staticmethod
    def scheme() -> str:
        return SCHEME

    def load_config(self, config_path: str) -> ConfigResult:
        """Read and check one YAML file.

        Raises:
            ConfigError: it lies outside of the folder, or holds what a config group may not; one line each.
        """
        name = self._normalize_file_name(config_path)
        file = Path(self.path, name)
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise ConfigError(f"{file}: lies outside of {self.path}; takes a file within")
        content, text = yaml_files.read_yaml_file(file)
        problems = [f"{file}: {line}" for line in refusals(name.removesuffix(".yaml"), package(text), content)]
        if problems:
            raise ConfigError(problems)
        config = OmegaConf.create({} if content is None else content)
        header = {"package": package(text)}
        return ConfigResult(config=config, path=self.full_path(), provider=self.provider, header=header)

    def is_group(self, config_path: str) -> bool:
        return is_name(config_path) and super().is_group(config_path)

    def is_config(self, config_path: str) -> bool:
        return is_name(config_path) and super().is_config(config_path)

    def list(self, config_path: str, results_filter: ObjectType | None) -> list[str]:
        """Return the files or folders of a group, none where there is no such group."""
        return super().list(config_path, results_filter) if self.is_group(config_path) else []


def package(text: str) -> str | None:
    """Return what the comment ``# @package …`` at the head of a file says, None where there is none."""
    for line in filter(None, map(str.strip, text.splitlines())):
        comment = HEADER.match(line)
        if comment is None:
            break
        if comment[1] == "package":
            return comment[2].strip()
    return None


def is_name(path: str) -> bool:
    """Return whether a file may have this name: printable, and short enough for file systems."""
    return path.isprintable() and all(len(part) <= LONGEST for part in path.split("/"))
