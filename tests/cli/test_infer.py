"""The verb ``infer``, and what is told of a table before any process starts."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from factory.core.errors import ConfigError
from factory.pipeline.first_look import look_at_data
from tests.commands import ROOT, factory


@pytest.fixture
def table(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "tests/data/tables/credit.csv", tmp_path / "credit.csv")
    return tmp_path


@pytest.mark.slow
def test_the_yaml_is_an_option_that_a_user_keeps(table: Path) -> None:
    done = factory("infer", "data.path=credit.csv", "data.target=risk", "--out", "conf/data/credit.yaml", cwd=table)
    assert (done.code, done.err) == (0, "")
    assert "  customer_id  ignored         a number of its own for each row, without a gap" in done.out.splitlines()
    written = (table / "conf/data/credit.yaml").read_text()
    assert written.startswith("# python -m factory data=credit\n# A table: ")
    node = yaml.safe_load(written)
    assert (node["path"], node["target"], node["task"]) == ("credit.csv", "risk", "classification")
    assert node["columns"]["opened"] == {"kind": "datetime", "format": "%Y-%m-%d"}
    assert node["columns"]["customer_id"] == "ignore" and "risk" not in node["columns"]
    composed = factory("--config-dir=conf", "--cfg", "job", "-p", "data", "data=credit", cwd=table)
    assert composed.code == 0 and "target: risk" in composed.out
    again = factory("infer", "data.path=credit.csv", "--out", "conf/data/credit.yaml", cwd=table)
    assert again.err == "--out: got 'conf/data/credit.yaml'; takes the path of a new file\n"


@pytest.mark.slow
def test_without_a_target_every_column_is_described_and_the_yaml_goes_to_stdout(table: Path) -> None:
    done = factory("infer", "data.path=credit.csv", "data.missing=[none]", cwd=table)
    node = yaml.safe_load(done.out)
    assert (node["target"], node["missing"], node["columns"]["risk"]) == ("???", ["none"], "category")
    assert "risk" in done.err


def faults(folder: Path, **data: object) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        look_at_data({"source": "csv", "path": str(folder / "credit.csv"), "target": "risk", **data})
    return caught.value.problems


def test_the_parent_names_columns_that_are_not_there(table: Path) -> None:
    takes = (
        "takes a column of credit.csv: customer_id, age, income, amount, months, job, purpose, owner, phone, opened, …"
    )
    assert faults(table, target="rsik", columns={"agee": "number"}, weight="w") == [
        f"data.target: got 'rsik'; {takes}; did you mean 'risk'?",
        f"data.columns: got 'agee'; {takes}; did you mean 'age'?",
        f"data.weight: got 'w'; {takes}",
    ]


def test_the_parent_sees_another_separator_and_a_declaration_that_is_none(table: Path) -> None:
    (line,) = faults(table, separator=";")
    assert line.endswith("its 12 columns look separated by ',': data.separator=','")
    (line,) = faults(table, columns={"age": "numbr"})
    assert line.startswith("data.columns.age: got 'numbr'; takes number, category")
