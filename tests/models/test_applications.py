"""Every architecture of keras.applications builds, under names of ours, and a file of it will load."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from factory.config.catalog import catalog

pytestmark = pytest.mark.slow


@functools.cache
def built() -> dict[str, Any]:
    """One process for all; building draws no weights, so it is the same under each backend."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.models.applications_child"],
        env={**os.environ, "KERAS_BACKEND": "jax"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert ran.returncode == 0, ran.stderr[-4000:]
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("name", catalog.load_catalog().names("applications"))
def test_builds_at_the_smallest_images_it_takes(name: str) -> None:
    found = built()[name]
    assert "refused" not in found, found
    assert found["layers"] == ["image", "preprocessed", "backbone", "label"]
    assert found["not loadable"] == []
