"""What reports say of raw columns."""

from __future__ import annotations

from typing import Any

from factory.report.signature import carrying, tensors

ENCODED = {"inputs": [{"name": "numbers", "dtype": "float32", "shape": [9]}], "outputs": []}
RAW = {
    "inputs": [{"name": "age", "dtype": "float64", "shape": []}],
    "outputs": [
        {"name": "risk", "dtype": "string", "shape": []},
        {"name": "risk_probabilities", "dtype": "float32", "shape": [2]},
    ],
}


def test_where_there_is_preprocessing_the_raw_columns_are_shown() -> None:
    trained: dict[str, Any] = {"signature": ENCODED, "data": {"outputs": [{"name": "risk", "labels": ["bad", "good"]}]}}
    assert list(tensors({})) == []
    assert list(tensors(trained)) == [["input", "numbers", "float32", "[batch, 9]", ""]]
    assert list(tensors({**trained, "raw": RAW})) == [
        ["input", "age", "float64", "[batch]", ""],
        ["output", "risk", "string", "[batch]", "[bad, good]"],
        ["output", "risk_probabilities", "float32", "[batch, 2]", ""],
    ]


def test_a_line_says_of_each_target_what_it_takes_and_what_that_costs() -> None:
    targets = {
        "onnx": {"encoded": False, "latency": {"1": 0.1, "32": 0.6}, "latency_encoded": {"1": 0.1, "32": 0.5}},
        "litert": {"encoded": True, "latency": {"1": 0.1, "32": 0.2}},
        "openvino": {"latency": {"1": 0.1}},
    }
    assert list(carrying(targets)) == [
        "onnx takes raw columns; a batch of 32 takes 1.2 times as long as encoded inputs",
        "litert takes encoded inputs; preprocessing.py beside it makes them of raw rows",
    ]
