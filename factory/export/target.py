"""CHILD: The interface of targets, which are artifact formats, one file each: ``factory/export/targets/<name>.py``.

The file's presence registers the target. A target is two functions,
    export(model, signature, folder, *, <options>) -> Notes | None    write the artifact into an existing folder
    load(folder, signature) -> Predict                               open it in the format's own runtime
both raising ExportError, in one line, when the converter or the runtime refuses.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias, cast

from factory.config.plugins import import_plugin

Notes: TypeAlias = dict[str, Any]
"""Facts about an export for the report, such as the exporter that was used; they can be written as JSON."""


class Target(Protocol):
    """The module of a target; its ``export`` takes the options of its YAML as keyword arguments."""

    export: Any
    load: Any


def get_target(name: str) -> Target:
    """Import and return the target of this name, as in ``conf/deploy/target/<name>.yaml``."""
    return cast(Target, import_plugin("export/targets", name))
