"""What a config asks for."""

from __future__ import annotations

from factory.config.composition.compose import compose_config
from factory.execution.stage import Limit
from factory.pipeline.plan import Plan


def plan(*words: str) -> Plan:
    return Plan(compose_config(words).tree)


def test_limit_of_time_makes_no_other_training() -> None:
    limited = plan("train.timeout=60", "deploy.timeout=1.5")
    assert limited.train_key == plan().train_key
    assert limited.target_key("saved_model", "a model") == plan().target_key("saved_model", "a model")
    assert (limited.limit("train"), limited.limit("deploy")) == (
        Limit(60, "train.timeout"),
        Limit(1.5, "deploy.timeout"),
    )
    assert plan().limit("train") is None
