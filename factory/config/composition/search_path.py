"""PARENT: The search path that Hydra gets: our folders in their order; the first that has a file wins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.plugins import Plugins
from hydra.plugins.search_path_plugin import SearchPathPlugin

from factory.config.composition.hydra_source import SCHEME, Groups

_search_path: ContextVar[Sequence[Path]] = ContextVar("search_path", default=())


class OurFolders(SearchPathPlugin):
    """A Hydra search path plug-in that inserts the folders of `use_search_path`, and does nothing outside of it."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Put our folders before the primary config's, and our config source in its place."""
        *own, package = _search_path.get() or (None,)
        for element in search_path.get_path():
            if element.provider == "main" and package is not None:
                element.path = f"{SCHEME}://{package}"
        for folder in reversed(own):
            search_path.prepend(provider="user", path=f"{SCHEME}://{folder}", anchor="main")


@contextmanager
def use_search_path(search_path: Sequence[Path]) -> Iterator[None]:
    """Let Hydra search these folders in their order, inside this context; the last one is the package's."""
    plugins = Plugins.instance()
    if OurFolders not in plugins.discover(SearchPathPlugin):
        plugins.register(OurFolders)
        plugins.register(Groups)
    token = _search_path.set(search_path)
    try:
        yield
    finally:
        _search_path.reset(token)
