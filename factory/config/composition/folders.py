"""PARENT: The config search path: the folders in which config groups are looked for."""

from __future__ import annotations

from pathlib import Path

from factory.config.plugins import conf_folders
from factory.core import messages
from factory.core.errors import ConfigError

PACKAGE = Path(__file__).parents[2]


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
