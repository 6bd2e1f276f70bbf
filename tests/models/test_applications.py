"""Every architecture of keras.applications builds, under names of ours, and a file of it will load."""

from __future__ import annotations

from typing import Any

import pytest

from factory.config.catalog import catalog
from tests.commands import child, printed_by

pytestmark = pytest.mark.slow


def built() -> dict[str, Any]:
    """One process for all; building draws no weights, so it is the same under each backend."""
    return dict(printed_by(child("tests.models.applications_child", "jax")))


@pytest.mark.parametrize("name", catalog.load_catalog().names("applications"))
def test_builds_at_the_smallest_images_it_takes(name: str) -> None:
    found = built()[name]
    assert "refused" not in found, found
    assert found["layers"] == ["image", "preprocessed", "backbone", "label"]
    assert found["not loadable"] == []
