"""PARENT: One YAML file as plain values, within bounds that no parser hangs or crashes on.

Values mean what they mean to Hydra (OmegaConf's implicit types).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from omegaconf._utils import get_yaml_loader  # what YAML means to Hydra; by itself it reads in Python, slowly

from factory.core.bounded_yaml import NotReadable, SafeLoader, load_bounded
from factory.core.errors import ConfigError
from factory.core.messages import shown

LARGEST = 1 << 20  # bytes of a file
MOST = 100_000  # values, with every alias written out
DEEPEST = 50  # mappings and lists inside each other
SCALARS = (str, int, float, bool, type(None))


class Loader(SafeLoader):
    """A YAML loader with OmegaConf's types that refuses a key given twice and keys that are not words or numbers."""

    yaml_implicit_resolvers = get_yaml_loader().yaml_implicit_resolvers

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        line = f"line {node.start_mark.line + 1}"
        seen = set()
        for key, _ in node.value:  # before ``<<`` is merged, whose keys may repeat the mapping's own
            if isinstance(key, yaml.ScalarNode):
                if (key.tag, key.value) in seen:
                    raise NotReadable(f"{line}: got the key {shown(key.value)} twice; takes it once")
                seen.add((key.tag, key.value))
        made: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        if odd := [key for key in made if not isinstance(key, SCALARS[:-1])]:
            raise NotReadable(f"{line}: got the key {shown(odd[0])}; takes words and numbers")
        return made


def read_yaml_file(path: Path) -> tuple[Any, str]:
    """Return the content of a YAML file, and its text.

    Raises:
        ConfigError: it cannot be read, is too large or is not valid YAML; one line that begins with the path.
    """
    try:
        with open(path, "rb") as file:
            raw = file.read(LARGEST + 1)
        if len(raw) > LARGEST:
            raise NotReadable(f"takes at most {LARGEST >> 20} MiB")
        text = raw.decode("utf-8-sig")
        return parse_yaml(text), text
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: byte {error.start} is no UTF-8; takes text in UTF-8") from error
    except (NotReadable, OSError) as error:
        raise ConfigError(f"{path}: {getattr(error, 'strerror', None) or error}") from error


def parse_yaml(text: str) -> Any:
    """Return the content of a YAML text.

    Raises:
        NotReadable: it is not YAML, or larger than a config may be.
    """
    content = load_bounded(text, Loader, MOST, DEEPEST)
    _check_values(content)
    return content


def _check_values(value: Any) -> None:
    """Refuse values that OmegaConf cannot hold, such as sets, dates and bytes."""
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            _check_values(part)
    elif not isinstance(value, SCALARS):
        raise NotReadable(f"got {shown(value)}; takes mappings, lists, words, numbers, true, false and null")
