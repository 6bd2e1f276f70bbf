"""PARENT: The config search path: the folders in which config groups are looked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from factory.config.plugins import conf_folders
from factory.core import messages
from factory.core.errors import ConfigError

PACKAGE = Path(__file__).parents[2]
BLOCKS = "model/block"
"""The folder of blocks in a folder of config groups; its files are no options of a group."""


def package_conf() -> Path:
    """Return the folder of the package's own config groups: inside it in a wheel, beside it in a checkout."""
    within = PACKAGE / "conf"
    return within if within.is_dir() else PACKAGE.parent / "conf"


def config_search_path(config_dir: str | None) -> list[Path]:
    """Return the config search path: the user's folder, the project's, those of installed plug-ins, the package's.

    Args:
        config_dir: the user's folder.

    Raises:
        ConfigError: the user's folder does not exist.
    """
    if config_dir is not None and not Path(config_dir).is_dir():
        raise ConfigError(messages.wrong("--config-dir", config_dir, "a folder that exists"))
    own = [Path(config_dir).resolve()] if config_dir is not None else []
    return [*own, *conf_folders(), package_conf()]


def is_block_file(path: Path, place: Path) -> bool:
    """Return whether a YAML file below a folder of config groups is a block."""
    return path.parent.relative_to(place).as_posix() == BLOCKS


def block_files(places: Sequence[Path]) -> dict[str, Path]:
    """Return name → file of every block; a folder that comes first hides the same name in later ones."""
    found = {path.stem: path for place in reversed(places) for path in sorted((place / BLOCKS).glob("*.yaml"))}
    return dict(sorted(found.items()))
