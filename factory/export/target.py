"""CHILD: Artifact formats, one file each: ``factory/export/targets/<name>.py``; the file's presence registers the
target.

A target is two functions,
    export(model, signature, folder, *, <options>) -> Notes | None    write the artifact into an existing folder
    load(folder, signature) -> Predict                               run it in the format's own runtime
both raising ExportError, in one line, when the converter or the runtime refuses.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias, cast

from factory.config.plugins import import_plugin

Notes: TypeAlias = dict[str, Any]
"""What the report says about an export beside its success, such as the exporter that was used; JSON-able."""


class Target(Protocol):
    """The module of a format; its ``export`` takes the options of its YAML as keywords."""

    export: Any
    load: Any


def get_target(name: str) -> Target:
    """The target of this name, as in ``conf/deploy/target/<name>.yaml``."""
    return cast(Target, import_plugin("export/targets", name))
