"""PARENT: how Hydra reads the folders of config groups: through us, so that no file is used before it was judged."""

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
    """A folder of groups, as ``conf:///path``."""

    def __init__(self, provider: str, path: str) -> None:
        ConfigSource.__init__(self, provider, path)

    @staticmethod
    def scheme() -> str:
        return SCHEME

    def load_config(self, config_path: str) -> ConfigResult:
        name = self._normalize_file_name(config_path)
        file = Path(self.path, name)
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise ConfigError(f"{file}: lies outside of {self.path}; takes a file within")
        content, text = yaml_files.read(file)
        found = [f"{file}: {line}" for line in refusals(name.removesuffix(".yaml"), package(text), content)]
        if found:
            raise ConfigError(found)
        config = OmegaConf.create({} if content is None else content)
        header = {"package": package(text)}
        return ConfigResult(config=config, path=self.full_path(), provider=self.provider, header=header)

    def is_group(self, config_path: str) -> bool:
        return is_name(config_path) and super().is_group(config_path)

    def is_config(self, config_path: str) -> bool:
        return is_name(config_path) and super().is_config(config_path)

    def list(self, config_path: str, results_filter: ObjectType | None) -> list[str]:
        return super().list(config_path, results_filter) if self.is_group(config_path) else []


def package(text: str) -> str | None:
    """What ``# @package …`` says, where it stands at the head of a file."""
    for line in filter(None, map(str.strip, text.splitlines())):
        found = HEADER.match(line)
        if found is None:
            break
        if found[1] == "package":
            return found[2].strip()
    return None


def is_name(path: str) -> bool:
    """Whether a file may be called so."""
    return path.isprintable() and all(len(part) <= LONGEST for part in path.split("/"))
