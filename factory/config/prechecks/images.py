"""PARENT: The check of image files and their labels or masks, of which none is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from factory.config.image_files import Layout


def check(data: Mapping[str, Any]) -> None:
    """Refuse folders that hold no images, fewer than two classes, and images without their label or mask.

    Args:
        data: the config's ``data`` node, valid.

    Raises:
        DataError: as `Layout.find` does.
    """
    names = {field.name for field in fields(Layout)}
    Layout(**{name: value for name, value in data.items() if name in names}).find()
