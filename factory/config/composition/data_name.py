"""PARENT: The resolver ``${data_name:data.path}``, which names a model after its data file or folder by default.

All tables of a user come through ``data=csv``: named by that, a model of prices would be the next version of one of
credits.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePath
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

SUFFIXES = re.compile(r"(\.[A-Za-z]\w{0,7})+$")
LONGEST = 64  # characters
MISSING = "???"  # what OmegaConf holds where a required value was not given


def data_name(path: Any, choice: Any) -> str:
    """Return the name of the data file or folder, in letters that every server takes; else the chosen option.

    Args:
        path: the value of the data's path, None or ``???`` where there is none.
        choice: the option of the group ``data``.

    >>> data_name("data/Häuser 2024.csv.gz", "csv"), data_name("photos/", "images"), data_name(None, "digits")
    ('Hauser-2024', 'photos', 'digits')
    """
    if not isinstance(path, str) or path == MISSING:
        return str(choice)
    letters = unicodedata.normalize("NFKD", SUFFIXES.sub("", PurePath(path).name)).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9._-]+", "-", letters).strip("-._")[:LONGEST] or str(choice)


def _resolve(key: str, *, _root_: DictConfig) -> str:
    """Resolve ``${data_name:key}``; the key is an argument, so that a search for references finds the key."""
    return data_name(OmegaConf.select(_root_, key), HydraConfig.get().runtime.choices.get("data"))


def register() -> None:
    """Register the resolver ``data_name`` with OmegaConf in this process."""
    OmegaConf.register_new_resolver("data_name", _resolve, replace=True)
