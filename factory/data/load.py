"""CHILD: Loading of the dataset that a config declares, through the data source that it names.

``conf/data/csv.yaml`` says ``source: csv``, which is ``factory/data/sources/csv.py: read(...)``. A source reads and
names arrays; checks, labels and the split are the same for all sources and done here.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from factory.config.declaration import FACTS
from factory.config.named_files import require_file
from factory.config.plugins import import_plugin
from factory.core.errors import DataError, FactoryError
from factory.core.messages import wrong
from factory.data.dataset import Dataset, Source
from factory.data.prepare import prepare_dataset
from factory.data.split import Split

NOT_OPTIONS = {"source", "split", "classes", "features", "shape", "positive", "scale_target"}
NOT_OPTIONS |= {"requires", "extra", "signature"}


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
    source = read_source(module, options, "data.path")
    held_out = None
    if split.get("file") is not None:
        if "path" not in inspect.signature(module.read).parameters:
            raise DataError(wrong("data.split.file", split["file"], f"null: {config['source']} reads no file"))
        require_file(split["file"], "data.split.file")
        held_out = read_source(module, {**options, "path": split["file"]}, "data.split.file")
    scale_target = bool(config.get("scale_target", False))
    positive = config.get("positive")
    drawn = Split.from_config(split)
    return prepare_dataset(source, drawn, held_out, declared, scale_target=scale_target, positive=positive)


def read_source(module: ModuleType, options: Mapping[str, Any], key: str) -> Source:
    """Call a data source, and turn whatever a library raises about the file into one line.

    Args:
        module: of the source.
        options: keyword arguments of its ``read``.
        key: the config path that names the file, for the error.

    Raises:
        DataError: the file cannot be read.
    """
    try:
        source: Source = module.read(**options)
        return source
    except FactoryError:
        raise
    except Exception as error:  # a source is free to use any library
        reason = error.strerror if isinstance(error, OSError) else str(error).strip().partition("\n")[0]
        takes = f"a file that {module.__name__.rpartition('.')[2]} can read; {reason or type(error).__name__}"
        raise DataError(wrong(key, options.get("path"), takes)) from error
