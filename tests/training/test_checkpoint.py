from __future__ import annotations

from pathlib import Path

import pytest

from factory.core.backends import BACKENDS
from tests.commands import child, printed_by


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_training_that_was_stopped_early_is_not_trained_further(backend: str, tmp_path: Path) -> None:
    found = printed_by(child("tests.training.child", backend, str(tmp_path)))
    assert found == {
        "same": True,
        "once": 3,
        "twice": 3,
        "stopped": True,
    }
