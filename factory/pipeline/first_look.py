"""PARENT: What can be seen to be wrong with a config's data before any process starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from factory.config.load import require_data
from factory.preprocessing.declared import parse_columns


def look_at_data(data: Mapping[str, Any]) -> None:
    """Refuse a ``data`` node whose declarations of columns or whose files are wrong, as far as the parent can tell.

    Raises:
        ConfigError: a declaration of a column is refused.
        DataError: as `require_data` does.
    """
    if isinstance(data.get("columns"), Mapping):
        parse_columns(data["columns"])
    require_data(data)
