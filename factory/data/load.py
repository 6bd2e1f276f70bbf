"""CHILD: Loading of the dataset that a config declares, through the data source that it names.

``conf/data/csv.yaml`` says ``source: csv``, which is ``factory/data/sources/csv.py: read(...)``. A source reads and
names arrays; checks, labels and the split are the same for all sources and done here.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import ModuleType
from typing import Any

from factory.config.declaration import FACTS
from factory.config.named_files import require_file
from factory.config.plugins import import_plugin
from factory.core.errors import DataError, FactoryError
from factory.core.foreign_errors import first_line
from factory.core.messages import wrong
from factory.data.dataset import Dataset, Source
from factory.data.prepare import prepare_dataset
from factory.data.split import Split
from factory.data.stored import in_memory
from factory.data.tables.columns import RawTable

NOT_OPTIONS = {"source", "split", "classes", "features", "shape", "positive", "scale_target"}
NOT_OPTIONS |= {"requires", "extra", "signature"}

PART_FILES = ("file", "test_file")
"""Keys of ``data.split`` that name a file: of the validation rows, of the test rows."""


def load_dataset(config: Mapping[str, Any]) -> Dataset:
    """Read, check and split the data that the config's ``data`` node declares.

    Args:
        config: ``{source, <options of read()>, split, scale_target, classes, features, shape, positive, signature,
            requires, extra}``; one without ``scale_target`` is from before there was scaling, and means what it meant.

    Raises:
        DataError: the data is not what the declaration says; names the file, row or column.
    """
    options = {key: value for key, value in config.items() if key not in NOT_OPTIONS}
    facts = {key: config[key] for key in ("classes", "features", "shape") if config.get(key) is not None}
    declared = {key: value for key, value in facts.items() if not (isinstance(value, str) and value in FACTS)}
    module = import_plugin("data/sources", config["source"])
    split = dict(config.get("split") or {})
    by = tuple(str(split[key]) for key in ("group", "time") if split.get(key) is not None)
    source = set_aside(read_source(module, options, "data.path", by), by, options)
    own = {
        key: set_aside(read_part(module, options, key, split[key], by, source), by, options)
        for key in PART_FILES
        if split.get(key) is not None
    }
    return prepare_dataset(
        source,
        Split.from_config(split),
        own.get("file"),
        declared,
        tested=own.get("test_file"),
        scale_target=bool(config.get("scale_target", False)),
        positive=config.get("positive"),
    )


def read_raw(config: Mapping[str, Any]) -> Source:
    """Read a table and find out what its columns are; its target may be missing.

    Args:
        config: as `load_dataset` takes it.

    Raises:
        DataError: as in `load_dataset`.
    """
    options = {key: value for key, value in config.items() if key not in NOT_OPTIONS}
    if options.get("target") in (None, "???"):
        options["target"] = []
    return read_source(import_plugin("data/sources", config["source"]), options, "data.path")


def set_aside(source: Source, by: Sequence[str], options: Mapping[str, Any]) -> Source:
    """Return a source whose inputs do not hold what the rows are divided by, unless ``data.inputs`` names it.

    Args:
        source: as read.
        by: names of what the rows are divided by.
        options: of the source.
    """
    extras = {**source.extras, **{name: in_memory(source.inputs[name]) for name in by if name in source.inputs}}
    left_out = by if options.get("inputs") is None else ()
    inputs = {name: array for name, array in source.inputs.items() if name not in left_out}
    return replace(source, inputs=inputs, extras=extras)


def read_part(
    module: ModuleType, options: Mapping[str, Any], key: str, file: str, by: tuple[str, ...], like: Source
) -> Source:
    """Read the rows of one part from a file of its own.

    Args:
        module: of the source.
        options: keyword arguments of its ``read``.
        key: of the config's node ``data.split``.
        file: what it names.
        by: names of what the rows are divided by.
        like: the source of the training rows.

    Raises:
        DataError: the source reads no file, or the file cannot be read.
    """
    key = f"data.split.{key}"
    if "path" not in inspect.signature(module.read).parameters:
        raise DataError(wrong(key, file, f"null: {module.__name__.rpartition('.')[2]} reads no file"))
    require_file(file, key)
    return read_source(module, {**options, "path": file}, key, by, like)


def read_source(
    module: ModuleType, options: Mapping[str, Any], key: str, by: tuple[str, ...] = (), like: Source | None = None
) -> Source:
    """Call a data source, and turn whatever a library raises about the file into one line.

    Args:
        module: of the source.
        options: keyword arguments of its ``read``.
        key: the config path that names the file, for the error.
        by: names of what the rows are divided by, which are no columns of a table unless it is told so.
        like: the source of the training rows, where this reads rows of another part.

    Raises:
        DataError: the file cannot be read.
    """
    try:
        made: Source | RawTable = module.read(**options)
        return replace(made, beside=by).to_source(like) if isinstance(made, RawTable) else made
    except FactoryError:
        raise
    except Exception as error:  # a source is free to use any library
        reason = error.strerror if isinstance(error, OSError) else None
        takes = f"a file that {module.__name__.rpartition('.')[2]} can read; {reason or first_line(error)}"
        raise DataError(wrong(key, options.get("path"), takes)) from error
