"""A small part of ``python -m tests.attack.kills``."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from tests.attack.kills import SIGNALS, WHO, campaign, drawn

pytestmark = pytest.mark.slow


def test_killed_runs_end_in_no_success_leave_nothing_and_go_on_to_the_same_weights(tmp_path: Path) -> None:
    tally = campaign(3, 7, tmp_path, ["model=mlp", "train.backend=jax", "train.epochs=200", "deploy=none"])
    assert tally.problems == []
    assert tally.hits.total() == 3


def test_kills_are_drawn_from_the_seed_alone() -> None:
    kills, again, other = (list(islice(drawn(seed, 10.0), 100)) for seed in (1, 1, 2))
    assert kills == again != other
    assert {(kill.who, kill.by) for kill in kills} == {(who, by) for who in WHO for by in SIGNALS}
