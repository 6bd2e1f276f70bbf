"""SHARED: Removal of passwords from URLs before they are written, shown or passed as an argument.

`Config.guarded` removes them from a config, so that no file of a run and no page can hold one; only the tracker's
process gets the whole URL. A run that is resumed from its folder takes the password from where the tracker's own
library does (``MLFLOW_TRACKING_PASSWORD``, ``PGPASSWORD`` …).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

PASSWORD = re.compile(r"(://[^/\s:@]*):[^/\s]*@")

T = TypeVar("T")


def without_passwords(value: T) -> T:
    """Return a text, or a tree of texts, with ``://user@host`` for ``://user:password@host``."""
    if isinstance(value, str):
        return PASSWORD.sub(r"\1@", value) if "://" in value else value  # type: ignore[return-value]  # as T
    if isinstance(value, Mapping):
        return {key: without_passwords(part) for key, part in value.items()}  # type: ignore[return-value]  # as T
    if isinstance(value, list | tuple):
        return type(value)(map(without_passwords, value))
    return value
