"""The exact words a user reads when a file is not what its declaration says."""

from __future__ import annotations

import pickle
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from factory.core.errors import DataError
from factory.data.load import load_dataset

HOUSES = "area,rooms,price\n80,3,200\n95,4,260\n60,2,150\n120,5,330\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fault(**config: Any) -> str:
    with pytest.raises(DataError) as caught:
        load_dataset(config)
    return str(caught.value)


def csv_fault(text: str, **more: Any) -> str:
    Path("houses.csv").write_text(text, encoding="utf-8")
    options = {"path": "houses.csv", "target": "price", "task": "regression", **more}
    return fault(source="csv", **options)


def test_missing_file_names_the_nearest() -> None:
    Path("houses.csv").write_text(HOUSES)
    assert fault(source="csv", path="hoses.csv", target="price", task="regression") == (
        "data.path: got 'hoses.csv'; takes a file that exists; did you mean 'houses.csv'?"
    )
    assert fault(source="csv", path="a/b.csv", target="price", task="regression") == (
        "data.path: got 'a/b.csv'; takes a file that exists, and there is no folder a"
    )


def test_wrong_columns_are_all_named_with_the_nearest() -> None:
    assert csv_fault(HOUSES, target="prize", columns=["aera", "rooms"]).splitlines() == [
        "data.target: got 'prize'; takes a column of houses.csv: area, rooms, price; did you mean 'price'?",
        "data.columns: got 'aera'; takes a column of houses.csv: area, rooms, price; did you mean 'area'?",
    ]


def test_target_is_no_feature() -> None:
    assert csv_fault(HOUSES, columns=["area", "price"]) == (
        "data.columns: got 'price'; takes no target: a model must not read what it predicts"
    )


def test_nan_names_row_and_column() -> None:
    assert csv_fault(HOUSES.replace("95,4,260", "95,4,nan")) == (
        "houses.csv: row 3, column 'price': got nan; takes a finite number"
    )
    assert csv_fault(HOUSES.replace("95,4,260", "inf,4,260")) == (
        "houses.csv: row 3, column 'area': got inf; takes a finite number"
    )


def test_empty_cell_names_row_and_column() -> None:
    assert csv_fault(HOUSES.replace("95,4,260", "95,,260")) == (
        "houses.csv: row 3, column 'rooms': got nothing; takes a number"
    )
    assert csv_fault(HOUSES.replace("95,4,260", "95,4,"), task="classification") == (
        "houses.csv: row 3, column 'price': got nothing; takes a label"
    )


def test_text_in_a_cell_and_text_in_a_column() -> None:
    assert csv_fault(HOUSES.replace("95,4,260", "95,n/a,260")) == (
        "houses.csv: row 3, column 'rooms': got 'n/a'; takes a number"
    )
    assert csv_fault("city,area,price\nParis,1,2\nRome,2,3\n") == (
        "houses.csv: column 'city' holds text (row 2: 'Paris'); takes numbers; name the columns to use in data.columns"
    )


@pytest.mark.parametrize("empty", ["", "Rome"])
def test_a_text_column_with_empty_cells_is_a_text_column(empty: str) -> None:
    text = f"city,area,price\n,1,2\nParis,2,3\n{empty},3,4\n"
    assert csv_fault(text) == (
        "houses.csv: column 'city' holds text (row 3: 'Paris'); takes numbers; name the columns to use in data.columns"
    )


def test_an_empty_column_is_told_once() -> None:
    assert csv_fault("city,area,price\n,1,2\n,2,3\n") == (
        "houses.csv: column 'city' is empty; takes a number in each row"
    )


def test_files_that_no_system_could_hold() -> None:
    for path in ("x" * 5000, "a\0b.csv", "~nobody_of_this_name/a.csv"):
        assert re.match(r"data\.path: got '.+; takes a file that exists", csv_fault(HOUSES, path=path))


def test_ragged_rows_are_named() -> None:
    assert csv_fault(HOUSES.replace("95,4,260", "95,4,260,1")) == (
        "houses.csv: row 3: got 4 values; takes 3 as in the header"
    )
    assert csv_fault(HOUSES.replace("95,4,260", "95")) == "houses.csv: row 3: got 1 values; takes 3 as in the header"


def test_empty_files() -> None:
    assert csv_fault("") == "houses.csv: got an empty file; takes a header and at least 2 rows"
    assert csv_fault("area,price\n") == "houses.csv: got no rows below the header; takes at least 2"
    Path("empty.npz").write_bytes(b"")
    assert fault(source="npz", path="empty.npz", outputs={"y": "classification"}) == (
        "empty.npz: got an empty or broken file; takes an .npz file of named arrays"
    )


def test_header_with_a_name_twice() -> None:
    assert csv_fault("area,area,price\n1,2,3\n") == (
        "houses.csv: row 1: got the column 'area' twice; takes each name once"
    )


def test_unknown_label_in_a_validation_file() -> None:
    Path("check.csv").write_text("area,kind\n1,flat\n2,huose\n")
    options = {"target": "kind", "task": "classification", "split": {"file": "check.csv"}}
    assert csv_fault("area,kind\n1,flat\n2,house\n3,flat\n4,house\n", **options) == (
        "check.csv: row 3, column 'kind': got 'huose'; takes a label of the training rows: flat, house; "
        "did you mean 'house'?"
    )
    Path("check.csv").unlink()
    assert csv_fault("area,kind\n1,flat\n2,house\n", **options) == (
        "data.split.file: got 'check.csv'; takes a file that exists; did you mean 'houses.csv'?"
    )
    assert fault(source="digits", split={"file": "check.csv"}) == (
        "data.split.file: got 'check.csv'; takes null: digits reads no file"
    )


def test_class_too_small() -> None:
    assert csv_fault("area,kind\n1,flat\n2,flat\n3,house\n", target="kind", task="classification") == (
        "data.split.stratified: got True; takes at least 2 rows of each class; class 'house' of 'kind' has 1"
    )


def test_separator_and_encoding() -> None:
    assert csv_fault(HOUSES, separator="::") == "data.separator: got '::'; takes one character"
    assert csv_fault(HOUSES, separator=";") == (
        "houses.csv: row 1: got one column, 'area,rooms,price'; its 3 columns look separated by ',': data.separator=','"
    )
    Path("houses.csv").write_bytes(HOUSES.encode() + b"1,2,\xff\n")
    text = fault(source="csv", path="houses.csv", target="price", task="regression")
    assert text == (
        "houses.csv: row 6: got the byte 0xff, which is no UTF-8 text; "
        "takes a file saved as UTF-8, or data.encoding=latin-1"
    )
    Path("houses.csv").write_bytes("fläche,price\n1,2\n3,4\n".encode("latin-1"))
    text = fault(source="csv", path="houses.csv", target="price", task="regression")
    assert text == (
        "houses.csv: row 1: got the byte 0xe4, which is no UTF-8 text; "
        "takes a file saved as UTF-8, or data.encoding=latin-1"
    )
    assert csv_fault(HOUSES, separator="é") == "data.separator: got 'é'; takes one character of ASCII"
    assert csv_fault('area,price\n1,"2\n3,4\n').startswith("houses.csv: got no table of values; could not parse")


def test_parquet_faults_count_rows_from_one() -> None:
    frame = pl.DataFrame({"area": [1.0, None, 3.0], "day": ["2026-01-01"] * 3, "price": [1.0, 2.0, 3.0]})
    frame.with_columns(pl.col("day").str.to_date()).write_parquet("houses.parquet")
    options = {"source": "parquet", "path": "houses.parquet", "target": "price", "task": "regression"}
    assert fault(**options).splitlines() == [
        "houses.parquet: row 2, column 'area': got nothing; takes a number",
        "houses.parquet: column 'day' holds Date; takes numbers",
    ]
    Path("houses.parquet").write_text("no")
    assert re.match(r"houses\.parquet: got no Parquet file; .+$", fault(**options))


def test_npz_faults() -> None:
    np.savez("photos.npz", image=np.ones((4, 2)), y=[0, 1, 0, 1])
    assert fault(source="npz", path="photos.npz", inputs=["imgae"], outputs={"y": "classification"}) == (
        "data.inputs: got 'imgae'; takes an array of photos.npz: image, y; did you mean 'image'?"
    )
    broken = np.ones((4, 2))
    broken[2, 1] = np.nan
    np.savez("photos.npz", image=broken, y=[0, 1, 0, 1])
    assert fault(source="npz", path="photos.npz", outputs={"y": "classification"}) == (
        "photos.npz: image[2, 1]: got nan; takes a finite number"
    )
    np.savez("photos.npz", image=np.array([[1], [1, 2]], dtype=object), y=[0, 1])
    assert fault(source="npz", path="photos.npz", outputs={"y": "classification"}) == (
        "photos.npz: image: got Python objects; takes numbers or text (rows of unequal length?)"
    )


def test_npz_files_that_are_something_else() -> None:
    outputs = {"y": "classification"}
    Path("photos.npz").write_bytes(pickle.dumps({"a": 1}))
    assert fault(source="npz", path="photos.npz", outputs=outputs) == (
        "photos.npz: got a file of another kind; takes an .npz file of named arrays"
    )
    with zipfile.ZipFile("photos.npz", "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert fault(source="npz", path="photos.npz", outputs=outputs) == (
        "photos.npz: readme.txt: got a file that is no array; takes an .npz file of named arrays"
    )
    np.savez("photos.npz", x=np.ones((4, 2)), y=np.array([b"a", b"\xe9", b"a", b"\xe9"]))
    assert fault(source="npz", path="photos.npz", outputs=outputs) == (
        "photos.npz: y[1]: got b'\\xe9'; takes text in UTF-8"
    )


def test_what_a_library_says_of_a_file_is_one_line_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a reader raises: here, a disk that fails under it."""

    def failing(**_: Any) -> Any:
        raise OSError(5, "Input/output error", "houses.csv")

    monkeypatch.setattr("factory.data.sources.csv.read", failing)
    assert csv_fault(HOUSES) == ("data.path: got 'houses.csv'; takes a file that csv can read; Input/output error")


def test_declared_number_of_classes_must_be_the_data_s() -> None:
    assert fault(source="digits", classes=12) == "data.classes: got 12; takes what digits has: 10"
    assert load_dataset({"source": "digits", "classes": "<data.classes>", "shape": [64]})


def test_synthetic_sizes() -> None:
    assert fault(source="synthetic", inputs={"x": [0]}, outputs={"y": 1}, tokens={"z": 3}).splitlines() == [
        "data.inputs.x: got [0]; takes positive sizes",
        "data.outputs.y: got 1; takes a number of classes, at least 2, or 0 for regression",
        "data.tokens: got 'z'; takes a name of data.inputs: x",
    ]
