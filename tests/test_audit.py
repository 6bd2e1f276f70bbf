"""``make audit`` where the advisory service is out of reach, as it is on many a build machine."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.commands import ROOT, environment

pytestmark = pytest.mark.slow


def test_an_audit_that_could_not_be_made_is_one_line_and_no_pass() -> None:
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": ""}
    done = subprocess.run(
        [sys.executable, "-m", "tests.audit"],
        cwd=ROOT,
        env=environment() | nowhere | {name.lower(): value for name, value in nowhere.items()},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("audit: the pins were not checked: ")
    assert "api.osv.dev" in line
