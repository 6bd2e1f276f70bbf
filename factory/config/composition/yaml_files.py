"""PARENT: One YAML file as plain values, within bounds that no parser hangs or crashes on.

Values mean what they mean to Hydra (OmegaConf's implicit types); libyaml reads them, ten times as fast as Hydra would.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from omegaconf._utils import get_yaml_loader  # what YAML means to Hydra; by itself it reads in Python, slowly

from factory.core.errors import ConfigError
from factory.core.messages import shown

LARGEST = 1 << 20  # bytes of a file
MOST = 100_000  # values, with every alias written out
DEEPEST = 50  # mappings and lists inside each other
SCALARS = (str, int, float, bool, type(None))
BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class NotReadable(Exception):
    """A text that is refused; the message says why, in words that follow the name of its file."""


class Loader(BASE):
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
    try:
        _check_depth(text)
        loader = Loader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            _weigh(node, 0, {})
            content = loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise NotReadable(f"{where}{error.problem or error.context}; takes YAML") from error
    except (yaml.YAMLError, UnicodeError) as error:  # a character that YAML does not have
        raise NotReadable(f"{' '.join(str(error).split())}; takes YAML") from error
    except ValueError as error:
        raise NotReadable(
            "got a number of more digits than Python reads; takes numbers as long as they need be"
        ) from error
    _check_values(content)
    return content


def _check_depth(text: str) -> None:
    """Refuse a text nested too deeply before libyaml builds anything: it recurses for each level, without end."""
    depth = 0
    for event in yaml.parse(text, Loader=BASE):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise NotReadable(f"takes at most {DEEPEST} levels")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _weigh(node: yaml.Node, depth: int, known: dict[int, tuple[int, int]]) -> tuple[int, int]:
    """Return the numbers of values and of levels in a node; an alias counts for all that it stands for.

    Args:
        known: id of a node → its numbers, for nodes that were weighed before; grows.
    """
    if isinstance(node, yaml.ScalarNode):
        return 1, 0
    if id(node) not in known:
        if depth > DEEPEST:
            raise NotReadable(f"line {node.start_mark.line + 1}: an alias holds itself, or more than {DEEPEST} levels")
        parts = [part for pair in node.value for part in (pair if isinstance(pair, tuple) else (pair,))]
        weights = [_weigh(part, depth + 1, known) for part in parts]
        known[id(node)] = (1 + sum(w for w, _ in weights), 1 + max((h for _, h in weights), default=0))
    weight, height = known[id(node)]
    if weight > MOST or depth + height > DEEPEST:
        raise NotReadable(
            f"line {node.start_mark.line + 1}: takes at most {MOST:,} values and {DEEPEST} levels, aliases written out"
        )
    return weight, height


def _check_values(value: Any) -> None:
    """Refuse values that OmegaConf cannot hold, such as sets, dates and bytes."""
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            _check_values(part)
    elif not isinstance(value, SCALARS):
        raise NotReadable(f"got {shown(value)}; takes mappings, lists, words, numbers, true, false and null")
