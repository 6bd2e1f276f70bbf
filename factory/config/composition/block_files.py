"""PARENT: Blocks in files of their own: ``conf/model/block/residual.yaml`` is the block ``residual`` of any model.

A file joins a model that names its block and does not declare it; what is set below ``model.blocks.residual`` goes
before what the file says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from factory.config.composition.folders import BLOCKS, block_files
from factory.config.composition.hydra_source import package
from factory.config.composition.untrusted_yaml import refusals
from factory.config.composition.yaml_files import read_yaml_file
from factory.config.merging import merge
from factory.config.plugins import words_of
from factory.config.schema.declarations import names
from factory.core.errors import ConfigError

NO_BLOCKS = ("from", "same_as", "repeat", "each")
"""Keys of a node that never hold the name of a block."""

BODY = ("nodes", "inputs", "outputs")


def read_block(path: Path) -> dict[str, Any]:
    """Return the block in a file.

    Raises:
        ConfigError: the file is not what a block can be; one line for each problem, with its path.
    """
    content, text = read_yaml_file(path)
    problems = [*refusals(f"{BLOCKS}/{path.stem}", package(text), content)]
    if not problems and (not isinstance(content, Mapping) or "defaults" in content or package(text) is not None):
        problems = ["got no block; takes nodes, and parameters beside them"]
    if problems:
        raise ConfigError([f"{path}: {line}" for line in problems])
    return dict(content)


def missing_blocks(model: Any, places: Sequence[Path]) -> dict[str, dict[str, Any]]:
    """Return the blocks that a model names and does not declare, from their files, each with what the model sets of it.

    Args:
        model: the node ``model`` of a config, resolved or not.
        places: the folders of config groups.

    Raises:
        ConfigError: as `read_block` does.
    """
    if not isinstance(model, Mapping) or model.get("kind") not in ("graph", "layers"):
        return {}
    files = block_files(places)
    declared = model.get("blocks") if isinstance(model.get("blocks"), Mapping) else {}
    found: dict[str, dict[str, Any]] = {}
    todo = [*_used(model.get("layers")), *_used(model.get("nodes"))]
    todo += (name for block in (declared or {}).values() for name in _used_inside(block))
    while todo:
        name = todo.pop()
        own = (declared or {}).get(name, {})
        if name in found or name not in files or not isinstance(own, Mapping) or "nodes" in own:
            continue
        found[name] = merge(read_block(files[name]), own)
        todo += _used_inside(found[name])
    return {name: found[name] for name in sorted(found)}


def _used(nodes: Any) -> Iterator[str]:
    """Yield every word of a graph's nodes that may be the name of a block: none of a node or in a layer's arguments."""
    for node in nodes.values() if isinstance(nodes, Mapping) else ():
        parts = node if isinstance(node, Mapping) else {node: None}
        for key, part in parts.items():
            if key not in NO_BLOCKS and key not in names("layers"):
                yield str(key)
                yield from words_of(part)


def _used_inside(block: Any) -> Iterator[str]:
    """Yield every word of a block that may be the name of another: of its nodes, and of a default."""
    if isinstance(block, Mapping):
        yield from _used(block.get("nodes"))
        yield from (word for key, default in block.items() if key not in BODY for word in words_of(default))
