"""The user's own folder of groups, before the package's: what lies in both is the user's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.plugins import Plugins
from hydra.plugins.search_path_plugin import SearchPathPlugin

_folder: ContextVar[Path | None] = ContextVar("folder", default=None)


class UserFolder(SearchPathPlugin):
    """Hydra asks it each time it builds a search path; without a folder it does nothing."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        folder = _folder.get()
        if folder is not None:
            search_path.prepend(provider="user", path=f"file://{folder}", anchor="main")


@contextmanager
def before_the_package(folder: Path | None) -> Iterator[None]:
    """Search ``folder`` first, inside this context."""
    plugins = Plugins.instance()
    if UserFolder not in plugins.discover(SearchPathPlugin):
        plugins.register(UserFolder)
    token = _folder.set(folder)
    try:
        yield
    finally:
        _folder.reset(token)
