from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import ROOT, environment


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["torch", "jax", "tensorflow"])
def test_a_training_that_was_stopped_early_is_not_trained_further(backend: str, tmp_path: Path) -> None:
    command = [sys.executable, ROOT / "tests" / "training" / "child.py", tmp_path]
    variables = environment() | {"KERAS_BACKEND": backend}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {"same": True, "once": 3, "twice": 3, "stopped": True}
