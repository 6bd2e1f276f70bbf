"""The exact words a user reads when a table of any kind of columns is not what its declaration says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from factory.core.errors import ConfigError
from factory.data.dataset import Dataset
from factory.data.load import load_dataset

ROWS = "".join(f"{i % 7 + 0.5},{'abc'[i % 3]},{'yes' if i % 2 else 'no'},{i * i % 11}\n" for i in range(60))
TABLE = f"size,kind,new,label\n{ROWS}"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def loaded(text: str = TABLE, written: str = "utf-8", **more: Any) -> Dataset:
    Path("t.csv").write_bytes(text.encode(written))
    return load_dataset({"source": "csv", "path": "t.csv", "target": "label", "preprocess": True, **more})


def fault(text: str = TABLE, written: str = "utf-8", **more: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        loaded(text, written, **more)
    return str(caught.value)


def kinds(dataset: Dataset) -> dict[str, str]:
    return {column["name"]: column["kind"] for column in dataset.columns}


ONE_COLUMN = "t.csv: row 1: got one column, 'size;kind;new;label'; its 4 columns look separated by ';'"
NUMBER = "data.missing=[inf] counts it as missing; or declare another kind in data.columns.size"
FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "separator": ({"text": TABLE.replace(",", ";")}, f"{ONE_COLUMN}: data.separator=';'"),
    "latin-1": (
        {"text": TABLE.replace("a,", "ä,"), "written": "latin-1"},
        "t.csv: row 2: got the byte 0xe4, which is no UTF-8 text; takes a file saved as UTF-8, "
        "or data.encoding=latin-1",
    ),
    "utf-16": ({"written": "utf-16"}, "t.csv: row 1: got text in UTF-16; data.encoding=utf-16 reads it"),
    "encoding": (
        {"encoding": "utf9"},
        "data.encoding: got 'utf9'; takes an encoding, such as utf-8, latin-1, cp1252, utf-16, cp1250, shift_jis, "
        "gb18030; did you mean 'utf-8'?",
    ),
    "a name twice": (
        {"text": TABLE.replace("size", "kind", 1)},
        "t.csv: row 1: got the column 'kind' twice; takes each name once",
    ),
    "no header": (
        {"text": "1,2\n3,4\n5,6\n"},
        "t.csv: row 1: got numbers, '1, 2'; takes a header, a name for each column",
    ),
    "a short row": ({"text": TABLE + "1,2\n"}, "t.csv: row 62: got 2 values; takes 4 as in the header"),
    "an open quote": ({"text": TABLE + '1,"a,yes,3\n'}, "t.csv: row 62: got 2 values; takes 4 as in the header"),
    "infinite": (
        {"text": TABLE.replace("0.5", "inf", 1)},
        f"t.csv: row 2, column 'size': got 'inf'; takes a finite number; {NUMBER}",
    ),
    "a decimal comma": (
        {"text": TABLE.replace(",", ";").replace(".5", ",5"), "separator": ";"},
        "t.csv: row 2, column 'size': got '0,5'; takes numbers; data.decimal=',' reads it",
    ),
    "mixed": (
        {"text": TABLE.replace("3.5", "about 3", 1)},
        "t.csv: row 5, column 'size': got 'about 3'; takes a number, as 59 of 60 values are; "
        "data.missing=[about 3] counts it as missing, data.columns={size: category} takes all as words",
    ),
    "one class": ({"text": "a,label\n" + "1,x\n2,x\n"}, "t.csv: label: got one class, 'x'; takes at least 2"),
    "one row": ({"text": "a,label\n1,2\n"}, "t.csv: got 1 row below the header; takes at least 2"),
    "nothing to learn from": (
        {"text": "a,b,label\n1,,x\n1,,y\n"},
        "t.csv: got no column to learn from; takes at least one (a: '1' in every row; b: empty in every row)",
    ),
    "no target": (
        {"text": TABLE + "1,a,yes,\n", "missing_target": "refuse"},
        "t.csv: row 62, column 'label': got nothing; takes a target in each row",
    ),
    "names as target": (
        {"text": "a,label\n" + "".join(f"{i * 0.5},w{i * 7}\n" for i in range(30))},
        "data.target: got 'label'; takes a column of labels or of numbers; 30 different texts in 30 rows are neither",
    ),
    "another kind declared": (
        {"columns": {"kind": "number"}},
        "t.csv: row 2, column 'kind': got 'a'; takes a number; data.missing=[a] counts it as missing; "
        "or declare another kind in data.columns.kind",
    ),
    "no such kind": (
        {"columns": {"kind": "categry"}},
        "data.columns.kind: got 'categry'; takes number, category, boolean, datetime, text, ignore; "
        "did you mean 'category'?",
    ),
    "a negative weight": (
        {"text": TABLE + "-1,a,yes,3\n", "weight": "size"},
        "t.csv: row 62, column 'size': got -1.0; takes a weight of at least 0",
    ),
    "a Parquet file": ({"text": "PAR1x"}, "t.csv: got a Parquet file; data=parquet reads it"),
    "ends of an old Macintosh": (
        {"text": TABLE.replace("\n", "\r")},
        "t.csv: row 1: got lines that end in a carriage return alone; takes line feeds",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_one_line_with_a_way_out(case: str) -> None:
    options, line = FAULTS[case]
    assert fault(**options) == line


WAYS_OUT: dict[str, dict[str, Any]] = {
    "separator": {"text": TABLE.replace(",", ";"), "separator": ";"},
    "tab": {"text": TABLE.replace(",", "\t"), "separator": "\\t"},
    "BOM": {"text": f"\ufeff{TABLE}"},
    "latin-1": {"text": TABLE.replace("a,", "ä,"), "written": "latin-1", "encoding": "latin-1"},
    "utf-16": {"written": "utf-16", "encoding": "utf-16"},
    "line ends": {"text": TABLE.replace("\n", "\r\n")},
    "decimal comma": {"text": TABLE.replace(",", ";").replace(".5", ",5"), "separator": ";", "decimal": ","},
    "missing": {"text": TABLE.replace("3.5", "about 3", 1), "missing": ["about 3"]},
    "quotes": {"text": TABLE + '1.5,"a,\nb",yes,3\n'},
}


@pytest.mark.parametrize("case", WAYS_OUT)
def test_what_is_declared_or_harmless_is_read(case: str) -> None:
    assert kinds(loaded(**WAYS_OUT[case])) == {
        "label": "target",
        "size": "number",
        "kind": "category",
        "new": "boolean",
    }


def test_rows_without_a_target_are_left_out_and_counted() -> None:
    dataset = loaded(TABLE + "1,a,yes,\n2,b,no,NA\n")
    assert dataset.notes == ("2 of 62 rows have no 'label' and are left out; the first is t.csv: row 62",)
    assert len(dataset.train) + len(dataset.validation) == 60


def test_a_row_number_stays_that_of_the_file_where_rows_are_left_out() -> None:
    text = TABLE.replace("a,no,0\n", "a,no,\n", 1) + "x,a,yes,3\n"
    assert fault(text, columns={"size": "number"}).startswith("t.csv: row 62, column 'size': got 'x'; takes a number")


def test_names_that_are_no_identifiers_are_mapped_and_the_mapping_is_kept() -> None:
    dataset = loaded(TABLE.replace("size,kind,new", "größe (cm),class,", 1))
    assert dataset.spec.preprocessing is not None and dataset.raw is not None
    names = {column.name: column.input for column in dataset.spec.preprocessing.columns}
    assert names == {"größe (cm)": "gro_e_cm", "class": "class_2", "column_3": "column_3"}
    assert [*dataset.raw(2)] == ["gro_e_cm", "class_2", "column_3"]


def test_statistics_come_from_the_training_rows_alone() -> None:
    Path("later.csv").write_text(TABLE.replace("6.5", "1000").replace("a,", "z,"))
    dataset = loaded(split={"file": "later.csv"})
    assert dataset.spec.preprocessing is not None
    size, kind = dataset.spec.preprocessing.columns[:2]
    assert size.fill == 3.5 and kind.vocabulary == ("a", "b", "c")  # type: ignore[union-attr]
    codes = dataset.validation.inputs["codes"][:, 0]
    assert set(codes.tolist()) == {1, 3, 4}  # z is unknown


def test_part_files_are_one_table_and_each_broken_one_is_named() -> None:
    Path("parts").mkdir()
    Path("parts/a.csv").write_text(TABLE)
    Path("parts/b.csv").write_text(TABLE)
    Path("parts/_SUCCESS").write_text("")
    assert len(loaded(path="parts").train) == len(loaded(path="parts/[ab].csv").train) == 98
    Path("parts/c.csv").write_text(TABLE.replace("size", "length", 1))
    assert fault(path="parts") == (
        "c.csv: got other columns than a.csv: lacks size and has length beside; takes the same in each part"
    )
    Path("parts/c.csv").write_text("")
    Path("parts/d.csv").write_text(TABLE + "1,2\n")
    assert fault(path="parts").splitlines() == [
        "c.csv: got an empty file; takes a header and at least 2 rows",
        "d.csv: row 62: got 2 values; takes 4 as in the header",
    ]
    assert fault(path="parts/*.tsv") == "data.path: got 'parts/*.tsv'; takes a pattern that some file matches"


def test_an_error_in_a_part_names_its_file_and_row() -> None:
    Path("parts").mkdir()
    Path("parts/a.csv").write_text(TABLE)
    Path("parts/b.csv").write_text(TABLE + "x,a,yes,3\n")
    assert fault(path="parts").startswith("b.csv: row 62, column 'size': got 'x'")


def test_parquet_columns_of_every_type_are_read_and_parts_must_agree() -> None:
    draw = np.random.default_rng(0)
    frame = pl.DataFrame(
        {
            "size": draw.normal(size=40),
            "count": pl.Series([None, *range(3)] * 10, dtype=pl.Int64),
            "new": [True, False] * 20,
            "day": pl.date_range(pl.date(2024, 1, 1), pl.date(2024, 2, 9), eager=True),
            "kind": pl.Series(["a", "b"] * 20, dtype=pl.Categorical),
            "tags": [["x"], []] * 20,
            "label": [1.5, 2.5, 3.5, 4.75] * 10,
        }
    )
    Path("parts").mkdir()
    frame.write_parquet("parts/a.parquet")
    config = {"source": "parquet", "path": "parts", "target": "label", "preprocess": True}
    assert kinds(load_dataset(config)) == {
        "label": "target",
        "size": "number",
        "count": "number",
        "new": "boolean",
        "day": "datetime",
        "kind": "category",
        "tags": "ignore",
    }
    frame.with_columns(pl.col("size").cast(pl.String)).write_parquet("parts/b.parquet")
    Path("parts/c.parquet").write_text("no")
    with pytest.raises(ConfigError) as caught:
        load_dataset(config)
    assert str(caught.value).startswith("c.parquet: got no Parquet file; ")
    Path("parts/c.parquet").unlink()
    with pytest.raises(ConfigError) as caught:
        load_dataset(config)
    assert str(caught.value) == "b.parquet: column 'size' holds String; takes Float64 as in a.parquet"


def test_targets_of_different_kinds_and_weights_from_a_column() -> None:
    targets = {"label": "regression", "new": "classification"}
    dataset = loaded(target=targets, weight="size")
    assert {output.name: output.task for output in dataset.spec.outputs} == targets
    assert kinds(dataset) == {"label": "target", "new": "target", "kind": "category"}
    weights = dataset.train.weights
    assert weights is not None and weights.dtype == np.float32 and set(weights.tolist()) <= {i + 0.5 for i in range(7)}
