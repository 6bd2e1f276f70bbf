"""The file of raw reference rows: what was written is read to the bit, anything else is one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from factory.core.errors import ExportError
from factory.preprocessing.strange import strange_rows
from factory.training.raw_rows import read_raw_rows, write_raw_rows
from tests.preprocessing.made import EVERYTHING

ROWS = strange_rows(EVERYTHING)


def test_every_bit_and_every_character_is_kept(tmp_path: Path) -> None:
    write_raw_rows(tmp_path / "raw_rows.npz", ROWS)
    found = read_raw_rows(tmp_path / "raw_rows.npz", EVERYTHING.wires)
    assert found.keys() == ROWS.keys()
    for name, values in ROWS.items():
        if values.dtype == object:
            assert found[name].tolist() == values.tolist()
        else:
            assert found[name].tobytes() == values.tobytes()


def cut(arrays: dict[str, Any]) -> None:
    arrays["ends/job"] = arrays["ends/job"][:-1]


def shifted(arrays: dict[str, Any]) -> None:
    arrays["ends/job"] = arrays["ends/job"][::-1]


def halved(arrays: dict[str, Any]) -> None:
    arrays["bytes/job"][0] = 0xFF


def left_out(arrays: dict[str, Any]) -> None:
    del arrays["numbers/age"]


def added(arrays: dict[str, Any]) -> None:
    arrays["numbers/more"] = arrays["numbers/age"]


def narrowed(arrays: dict[str, Any]) -> None:
    arrays["numbers/age"] = np.zeros(len(arrays["numbers/age"]), "float32")


@pytest.mark.parametrize("damage", [cut, shifted, halved, left_out, added, narrowed])
def test_other_rows_are_one_line(tmp_path: Path, damage: Callable[[dict[str, Any]], None]) -> None:
    path = tmp_path / "raw_rows.npz"
    write_raw_rows(path, ROWS)
    with np.load(path) as saved:
        arrays = dict(saved)
    damage(arrays)
    np.savez(path, **arrays)
    with pytest.raises(ExportError) as raised:
        read_raw_rows(path, EVERYTHING.wires)
    assert str(raised.value) == f"{path}: got no raw rows of the columns; takes the ones that training wrote"


@pytest.mark.parametrize("content", [b"", b"no archive"])
def test_what_is_no_archive_is_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "raw_rows.npz"
    path.write_bytes(content)
    with pytest.raises(ExportError, match="got no raw rows of the columns"):
        read_raw_rows(path, EVERYTHING.wires)
