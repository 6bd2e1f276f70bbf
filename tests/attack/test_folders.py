"""A small part of `tests.attack.folders`, the same each time."""

from __future__ import annotations

import pytest

from tests.attack.folders import campaign


@pytest.mark.slow
def test_edited_folders_raise_nothing_and_reach_nothing_outside() -> None:
    cases = campaign(5, seed=4)
    assert [case.findings for case in cases] == [[]] * 5
