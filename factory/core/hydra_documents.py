"""PARENT: The schema of Hydra's half of a saved config, whose names become paths of the config search path."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NotRequired

from factory.core.document_fields import Document, rule


def stays_below(option: str | list[str] | None) -> bool:
    """Return whether an option of a config group is a file below the group's folder."""
    names = [option] if isinstance(option, str) else option or []
    return all(not Path(name).is_absolute() and ".." not in Path(name).parts and "\0" not in name for name in names)


Option = Annotated[str | list[str] | None, rule(stays_below, "the name of an option")]


class Source(Document):
    """A folder or scheme that Hydra composed a config from."""

    path: str
    schema: str


class Runtime(Document):
    """What Hydra knows of a composition: the chosen options by group."""

    choices: NotRequired[dict[Annotated[str, rule(stays_below, "the name of a group")], Option]]
    config_sources: NotRequired[list[Source]]


class HydraNode(Document):
    """The node ``hydra`` of a config."""

    runtime: NotRequired[Runtime]


class HydraFile(Document):
    """.hydra/hydra.yaml: Hydra's own half of a config."""

    hydra: NotRequired[HydraNode]
