"""The encoder that feeds training computes what the reference computes, bit for bit."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factory.preprocessing import polars_encoder, reference
from factory.preprocessing.murmur import murmur
from factory.preprocessing.polars_encoder import encode
from factory.preprocessing.spec import Preprocessing
from factory.preprocessing.strange import strange_rows
from tests.preprocessing.made import EVERYTHING

CHARACTERS = st.text(st.sampled_from("aAeEkK xX'.,\0\n-éßİ日🙂\u0301\u212a01"), max_size=12)
VALUES = {
    "float64": st.none() | st.floats(allow_nan=True, allow_infinity=True),
    "string": st.none() | CHARACTERS | st.sampled_from(["the", "a", "clerk", "größe", "yes", "n", "nein", "it's"]),
}


def table(preprocessing: Preprocessing, rows: Mapping[str, Sequence[Any]]) -> pl.DataFrame:
    dtypes = {"float64": pl.Float64, "string": pl.String}
    return pl.DataFrame([pl.Series(c.name, list(rows[c.input]), dtypes[c.wire]) for c in preprocessing.columns])


def check(preprocessing: Preprocessing, rows: Mapping[str, Any]) -> None:
    expected = reference.encode(preprocessing.to_json(), rows)
    found = encode(preprocessing, table(preprocessing, rows))
    assert list(found) == list(expected)
    for name, tensor in expected.items():
        assert found[name].dtype == tensor.dtype and found[name].shape == tensor.shape
        assert found[name].flags.c_contiguous
        different = np.argwhere(found[name].view(np.uint32) != tensor.view(np.uint32))
        assert not len(different), (name, different[:5], found[name][tuple(different[0])], tensor[tuple(different[0])])


@pytest.mark.parametrize("seed", range(3))
def test_strange_rows_give_the_bits_of_the_reference(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polars_encoder, "CHUNK", (30_000, 300_000, 10**9)[seed])  # many slices, some, one
    monkeypatch.setattr(polars_encoder, "LEAST", 1)
    monkeypatch.setattr(polars_encoder, "MOST_KNOWN", (10, 10**6, 10**6)[seed])
    check(EVERYTHING, strange_rows(EVERYTHING, seed))


@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.fixed_dictionaries({wire.name: VALUES[wire.dtype] for wire in EVERYTHING.wires}), max_size=12))
def test_any_rows_give_the_bits_of_the_reference(rows: list[dict[str, Any]]) -> None:
    check(EVERYTHING, {wire.name: [row[wire.name] for row in rows] for wire in EVERYTHING.wires})


def test_random_numbers_give_the_bits_of_the_reference() -> None:
    order = np.random.default_rng(0)
    columns = [c for c in EVERYTHING.columns if c.wire == "float64"]
    numbers = Preprocessing(tuple(columns), ())
    check(
        numbers, {c.input: order.normal(c.fill, 0.3 * (min(c.high, 1e12) - max(c.low, -1e12)), 20_000) for c in columns}
    )


def test_a_table_without_rows_gives_tensors_without_rows() -> None:
    check(EVERYTHING, {wire.name: [] for wire in EVERYTHING.wires})


def test_further_columns_and_another_order_of_columns_change_nothing() -> None:
    frame = table(EVERYTHING, strange_rows(EVERYTHING))
    mixed = frame.select(reversed(frame.columns)).with_columns(more=1)
    found = encode(EVERYTHING, mixed)
    assert all(np.array_equal(found[name], tensor) for name, tensor in encode(EVERYTHING, frame).items())


def test_columns_of_one_sort_alone_make_one_tensor() -> None:
    for column in EVERYTHING.columns:
        alone = replace(EVERYTHING, columns=(column,))
        check(alone, strange_rows(alone))


def test_hashes_of_many_texts_are_those_of_each() -> None:
    order = random.Random(0)
    texts = ["".join(order.choices("ab é日🙂\0", k=size)) for size in [*range(40), 400, 511, 513, 2000] * 3]
    order.shuffle(texts)
    assert murmur(pl.Series(texts)).tolist() == reference.murmur(text.encode() for text in texts).tolist()
    assert murmur(pl.Series([], dtype=pl.String)).tolist() == []
