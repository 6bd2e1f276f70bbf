"""CHILD: The interface of targets, which are artifact formats, one file each: ``factory/export/targets/<name>.py``.

The file's presence registers the target. A target is two functions,
    export(model, signature, folder, *, <options>) -> Notes | None    write the artifact into an existing folder
    load(folder, signature) -> Predict                               open it in the format's own runtime
both raising ExportError, in one line, when the converter or the runtime refuses. Where the format can carry
preprocessing (``carries`` in its YAML names the kinds of columns), there are two more,
    carry(folder, signature, preprocessing) -> None                  make the artifact take raw columns
    load_raw(folder, signature, preprocessing) -> RawArtifact        open that in the format's own runtime
and ``EXTRA`` may name a folder in the artifact, which servers ignore, for the files that describe the preprocessing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, cast

from factory.config.plugins import import_plugin
from factory.core.predict import Predict

Notes: TypeAlias = dict[str, Any]
"""Facts about an export for the report, such as the exporter that was used; they can be written as JSON."""


@dataclass(frozen=True)
class RawArtifact:
    """A loaded artifact that takes raw columns: ``input`` of each → float64 or ``str`` objects ``(rows,)``.

    Args:
        answer: gives what clients get, see `factory.preprocessing.spec.Answer`; labels of text as ``str`` objects.
        encode: gives the tensors that the model is given.
        encoded: runs the same artifact on those tensors, where it takes them too.
    """

    answer: Predict
    encode: Predict
    encoded: Predict | None = None


class Target(Protocol):
    """The module of a target; its ``export`` takes the options of its YAML as keyword arguments."""

    export: Any
    load: Any
    carry: Any
    load_raw: Any


def get_target(name: str) -> Target:
    """Import and return the target of this name, as in ``conf/deploy/target/<name>.yaml``."""
    return cast(Target, import_plugin("export/targets", name))
