"""Which targets carry which columns, and what is said where one would take encoded inputs."""

from __future__ import annotations

from dataclasses import replace

from factory.preprocessing.carried import encoded_targets, is_carried
from tests.preprocessing.made import EVERYTHING

NUMBERS = replace(EVERYTHING, columns=EVERYTHING.columns[:3])


def test_a_target_carries_a_table_whose_kinds_of_columns_it_names() -> None:
    assert is_carried(NUMBERS, {"carries": ["number", "text"]})
    assert not is_carried(EVERYTHING, {"carries": ["number", "text"]})
    assert not is_carried(NUMBERS, {})


def test_encoded_false_refuses_each_target_that_would_take_encoded_inputs() -> None:
    targets = {"onnx": {"carries": ["number"]}, "litert": {"carries": []}, "old": {}}
    assert [*encoded_targets(EVERYTHING, {"encoded": True, "target": targets})] == []
    assert [*encoded_targets(EVERYTHING, {"target": targets})] == []
    for name, line in zip(
        ("litert", "old"), encoded_targets(NUMBERS, {"encoded": False, "target": targets}), strict=True
    ):
        takes = f"true for target {name}, which carries no columns, and there is the number 'age'"
        assert line == f"deploy.encoded: got False; takes {takes}"
    (line,) = encoded_targets(EVERYTHING, {"encoded": False, "target": {"onnx": {"carries": ["number"]}}})
    assert line.endswith("which carries number, and there is the category 'job' and columns of 3 more kinds")
