"""A slice of `tests.attack.configs`, the same each time."""

from __future__ import annotations

import pytest

from tests.attack.configs import attack


@pytest.mark.slow
def test_bad_configs_are_refused_in_lines_and_do_nothing() -> None:
    outcome = attack(200, seed=20260101, commands=100)
    assert outcome.problems == []
    assert outcome.counts["refused"] > 150 and outcome.counts["commands"] >= 1
