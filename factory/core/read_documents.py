"""PARENT: Readers of the JSON and YAML files of a run, a published version and a sweep, which check what they read."""

from __future__ import annotations

import functools
from collections.abc import Hashable
from pathlib import Path
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from factory.core.bounded_yaml import NotReadable, SafeLoader, load_bounded
from factory.core.documents import Summary, TargetReport, Training
from factory.core.errors import ConfigError
from factory.core.files import has_digest, read_json
from factory.core.hydra_documents import HydraFile
from factory.core.messages import missing, wrong
from factory.core.reading import read_text
from factory.core.rundir import RunDir

MOST_VALUES, DEEPEST = 200_000, 60  # of a composed config, which several files make


def read_document(path: Path, kind: Any) -> dict[str, Any] | None:
    """Return the checked content of a JSON file, None where there is no file.

    Args:
        path: of the file.
        kind: its schema, a class of `documents`.

    Raises:
        ConfigError: it does not fit the schema; names the file and the first wrong field.
    """
    fields = read_json(path)
    return None if fields is None else check_document(fields, kind, str(path))


def check_document(fields: dict[str, Any], kind: Any, where: str) -> dict[str, Any]:
    """Return the content of a file unchanged if it fits its schema.

    Args:
        fields: the content.
        kind: its schema, a class of `documents`.
        where: the path of the file, for the error.

    Raises:
        ConfigError: it does not fit; names the file and the first wrong field.
    """
    try:
        return cast(dict[str, Any], adapter(kind).validate_python(fields))
    except ValidationError as error:
        lines = error.errors(include_url=False)
        more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
        raise ConfigError(worded(lines[0], where) + more) from error


@functools.cache
def adapter(kind: Hashable) -> TypeAdapter[Any]:
    """Return the pydantic validator of a type, made once."""
    return TypeAdapter(cast(Any, kind))


def worded(line: ErrorDetails, where: str) -> str:
    """Return the first problem of a file as our line."""
    field = ".".join(str(part) for part in line["loc"])[:100]
    path = f"{where}: {field}" if field else where
    if line["type"] == "missing":
        return missing(path, "a value")
    if line["type"] == "extra_forbidden":
        return f"{path}: unknown field"
    return wrong(path, line["input"], line["msg"].removeprefix("Input should be "))


def read_summary(run: RunDir) -> dict[str, Any] | None:
    """Return the content of run.json, None where there is none yet."""
    return read_document(run.summary, Summary)


def read_training(run: RunDir) -> dict[str, Any] | None:
    """Return the content of train/report.json, None where training has not ended."""
    return read_document(run.train / "report.json", Training)


def read_intact_training(run: RunDir, key: str) -> dict[str, Any] | None:
    """Return the content of train/report.json; None where the training has another key, or a file of it changed."""
    report = read_training(run)
    if report is None or report["key"] != key:
        return None
    intact = all(has_digest(run.train / file, digest) for file, digest in report["sha256"].items())
    return report if intact else None


def read_target(folder: Path) -> dict[str, Any] | None:
    """Return the report in a target's folder, None where there is none."""
    return read_document(folder / "report.json", TargetReport)


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the mapping in a YAML file; an empty one where there is no file, or nothing in it.

    Raises:
        ConfigError: it holds something other than a mapping.
    """
    content = load_yaml(path)
    if not isinstance(content, dict | None):
        raise ConfigError(wrong(str(path), content, "a mapping"))
    return content or {}


def load_yaml(path: Path) -> Any:
    """Return the content of a YAML file, None where there is no file.

    Raises:
        ConfigError: it is not YAML, or its aliases unfold to more than memory could hold.
    """
    try:
        return load_bounded(read_text(path) or "", SafeLoader, MOST_VALUES, DEEPEST)
    except NotReadable as error:
        raise ConfigError(f"{path}: {error}") from error


def read_hydra(run: RunDir) -> dict[str, Any]:
    """Return Hydra's own half of a run's config; an empty one where there is none."""
    path = run.config.with_name("hydra.yaml")
    return dict(check_document(read_yaml(path), HydraFile, str(path)).get("hydra", {}))


def read_overrides(run: RunDir) -> tuple[str, ...]:
    """Return the overrides that a run was started with, as they were typed.

    Raises:
        ConfigError: the file is no list of words.
    """
    path = run.config.with_name("overrides.yaml")
    overrides = load_yaml(path) or []
    if not isinstance(overrides, list) or not all(isinstance(override, str) for override in overrides):
        raise ConfigError(wrong(str(path), overrides, "a list of overrides"))
    return tuple(overrides)
