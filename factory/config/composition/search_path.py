"""PARENT: where Hydra looks for groups; what lies in several folders is the first one's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.plugins import Plugins
from hydra.plugins.search_path_plugin import SearchPathPlugin

from factory.config.composition.hydra_source import SCHEME, Groups

_places: ContextVar[Sequence[Path]] = ContextVar("places", default=())


class OurFolders(SearchPathPlugin):
    """Hydra asks it each time it builds a search path; outside of `searched` it does nothing."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        *own, package = _places.get() or (None,)
        for element in search_path.get_path():
            if element.provider == "main" and package is not None:
                element.path = f"{SCHEME}://{package}"
        for folder in reversed(own):
            search_path.prepend(provider="user", path=f"{SCHEME}://{folder}", anchor="main")


@contextmanager
def searched(places: Sequence[Path]) -> Iterator[None]:
    """Search these folders in their order, inside this context; the last one is the package's."""
    plugins = Plugins.instance()
    if OurFolders not in plugins.discover(SearchPathPlugin):
        plugins.register(OurFolders)
        plugins.register(Groups)
    token = _places.set(places)
    try:
        yield
    finally:
        _places.reset(token)
