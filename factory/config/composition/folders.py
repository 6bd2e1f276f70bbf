"""Where config groups lie."""

from __future__ import annotations

from pathlib import Path

from factory.core import messages
from factory.core.errors import ConfigError

PACKAGE = Path(__file__).parents[2]


def package_conf() -> Path:
    """The package's own groups: inside it in a wheel, beside it in a checkout."""
    within = PACKAGE / "conf"
    return within if within.is_dir() else PACKAGE.parent / "conf"


def folders(config_dir: str | None, package: Path | None = None) -> list[Path]:
    """Where groups are looked for, the user's folder first.

    Args:
        config_dir: the user's folder.
        package: stands in the place of the package's own groups, such as those of another revision.

    Raises:
        ConfigError: the user's folder does not exist.
    """
    package = package or package_conf()
    if config_dir is None:
        return [package]
    own = Path(config_dir).resolve()
    if not own.is_dir():
        raise ConfigError(messages.wrong("--config-dir", config_dir, "a folder that exists"))
    return [own, package]
