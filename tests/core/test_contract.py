"""A name keeps its contract: what is published under it next has the signature that its clients know."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from factory.core.contract import require_same
from factory.core.errors import PublishError
from factory.registry.publish import newest, publish
from tests.commands import factory
from tests.pipeline.test_runs import at

X = {"name": "x", "dtype": "float32", "shape": [3]}
Y = {"name": "y", "dtype": "float32", "shape": [2]}


def terms(*, inputs: Any = (X,), outputs: Any = (Y,), **more: Any) -> dict[str, Any]:
    return {"signature": {"inputs": list(inputs), "outputs": list(outputs)}, **more}


BEFORE = terms(labels={"y": ["cat", "dog"]}, version=4)
CHANGED = {
    "input 'x' was float32 (3) and is float32 (4)": terms(inputs=[{**X, "shape": [4]}]),
    "input 'x' was float32 (3) and is int32 (3)": terms(inputs=[{**X, "dtype": "int32"}]),
    "input 'x' was float32 (3) and is not there; input 'z' was not there and is float32 (3)": terms(
        inputs=[{**X, "name": "z"}]
    ),
    "output 'y' was float32 (2) of 2 labels 'cat', 'dog' and is float32 (2) of 2 labels 'dog', 'cat'": terms(
        labels={"y": ["dog", "cat"]}
    ),
}


@pytest.mark.parametrize("words", CHANGED)
def test_what_differs_is_shown_as_it_was_and_as_it_is(words: str) -> None:
    with pytest.raises(PublishError) as caught:
        require_same("pets", BEFORE, CHANGED[words])
    assert str(caught.value) == (
        f"publish.contract: version 4 of 'pets' has another signature: {words}; "
        "clients would break: give another name=, or publish.contract=change"
    )


def test_another_order_is_another_signature() -> None:
    two = terms(inputs=[X, Y], version=1)
    with pytest.raises(PublishError, match="the inputs were in the order x, y and are y, x"):
        require_same("pets", two, terms(inputs=[Y, X]))


def test_what_is_not_known_is_not_compared() -> None:
    require_same("pets", BEFORE, terms())  # labels of neither, or of one side alone
    require_same("pets", terms(version=1), terms(labels={"y": [1, 2]}))
    require_same("pets", None, terms())
    require_same("pets", BEFORE, {"metrics": {}})


def put(models: Path, claim: Path, record: dict[str, Any], **more: Any) -> dict[str, Path]:
    artifact = claim.with_suffix(".artifact")
    artifact.mkdir(exist_ok=True)
    (artifact / "model").write_text(claim.name)
    return publish(models, "pets", {"onnx": artifact}, record, claim=claim, **more)


def test_nothing_is_published_that_breaks_the_contract_unless_that_is_asked_for(tmp_path: Path) -> None:
    models, other = tmp_path / "models", terms(inputs=[{**X, "shape": [9]}])
    put(models, tmp_path / "a.json", terms())
    with pytest.raises(PublishError):
        put(models, tmp_path / "b.json", other)
    assert [path.name for path in (models / "onnx" / "pets").iterdir()] == ["1"]
    put(models, tmp_path / "b.json", other, may_change=True)
    assert put(models, tmp_path / "a.json", terms())["onnx"].name == "1", "what is published already stays so"
    found = newest(models, "pets")
    assert found is not None and found["signature"] == other["signature"]


@pytest.mark.parametrize("record", ["", "{}", "[]", '{"name": "pets", "target": "onnx", "version": 7}', None])
def test_versions_without_a_signature_are_in_nobody_s_way(record: str | None, tmp_path: Path) -> None:
    version = tmp_path / "models" / "onnx" / "pets" / "7"
    version.mkdir(parents=True)
    if record is not None:
        (version / "factory.json").write_text(record)
    assert put(tmp_path / "models", tmp_path / "a.json", terms())["onnx"].name == "8"


CREDIT = "income,age,good\n" + "".join(f"{i},{i % 7},{'yes' if i % 2 else 'no'}\n" for i in range(40))
HOUSES = "area,rooms,price\n" + "".join(f"{i},{i % 5},{i * 1000}\n" for i in range(40))


@pytest.mark.slow
def test_tables_have_names_of_their_own_and_a_name_keeps_its_contract(tmp_path: Path) -> None:
    """A price model was the next version of a credit model, and its server served it."""
    (tmp_path / "my credits.csv").write_text(CREDIT)
    (tmp_path / "houses.csv").write_text(HOUSES)
    common = [f"models={tmp_path}/models", "train.backend=jax", "train.epochs=1", "deploy/target=[saved_model]"]
    common += ["model=mlp", "data.preprocess=false", "deploy.require.baseline=false"]
    houses = ["data=csv", f"data.path={tmp_path}/houses.csv", "data.target=price", "data.task=regression", *common]
    credit = ["data=csv", f"'data.path={tmp_path}/my credits.csv'", "data.target=good", "data.task=classification"]
    credit = [word.strip("'") for word in credit] + common

    def run(name: str, *words: str) -> Any:
        return factory(*words, f"hydra.run.dir={tmp_path}/{name}")

    assert run("a", *houses).code == run("b", *credit).code == 0
    published = tmp_path / "models" / "saved_model"
    assert sorted(path.name for path in published.iterdir()) == ["mlp-houses", "mlp-my-credits"]
    refused = run("c", *houses, "name=mlp-my-credits")
    assert refused.code == 4
    (line,) = refused.err.splitlines()
    assert line.startswith("publish.contract: version 1 of 'mlp-my-credits' has another signature: output 'good' was ")
    assert "epoch" not in refused.out, "found before training"
    narrower = run("d", *houses, "data.columns=[area]")
    assert "input 'features' was float32 (2) and is float32 (1)" in narrower.err
    assert [path.name for path in (published / "mlp-houses").iterdir()] == ["1"]
    assert run("d", *houses, "data.columns=[area]", "publish.contract=change").code == 0
    record = json.loads((published / "mlp-houses" / "2" / "factory.json").read_text())
    assert record["signature"]["inputs"][0]["shape"] == [1] and record["labels"] == {"price": None}
    assert factory("resume", f"{tmp_path}/a").code == 0, "it is published already"


@pytest.mark.slow
def test_a_training_that_was_kept_is_refused_before_it_is_published(tmp_path: Path) -> None:
    words = ["train.backend=jax", "train.epochs=1", *at(tmp_path)]
    assert factory(*words, "deploy=none").code == 0
    version = tmp_path / "models" / "onnx" / "mlp-digits" / "1"
    version.mkdir(parents=True)
    record = {**terms(), "name": "mlp-digits", "target": "onnx", "version": 1}
    (version / "factory.json").write_text(json.dumps(record))
    done = factory(*words, "deploy/target=[saved_model]")
    assert done.code == 4 and "version 1 of 'mlp-digits' has another signature" in done.err
    assert not (tmp_path / "models" / "saved_model").exists()


@pytest.mark.slow
def test_a_sweep_over_data_names_each_job_and_its_best_keeps_the_contract(tmp_path: Path) -> None:
    for name in ("north", "south"):
        (tmp_path / f"{name}.csv").write_text(HOUSES)
    words = ["-m", "data=csv", f"data.path={tmp_path}/north.csv,{tmp_path}/south.csv", "data.target=price"]
    words += ["data.task=regression", "data.columns=[area],[area,rooms]", "train.backend=jax", "train.epochs=1"]
    words += ["deploy/target=[saved_model]", f"models={tmp_path}/models", f"hydra.sweep.dir={tmp_path}/sweep"]
    words += ["model=mlp", "data.preprocess=false", "deploy.require.baseline=false"]
    done = factory(*words)
    assert done.code == 0, done.out + done.err
    own = {path.name for path in (tmp_path / "sweep" / "models" / "saved_model").iterdir()}
    assert own == {"mlp-north", "mlp-south"}
    assert len(list((tmp_path / "models" / "saved_model").glob("*/1"))) == 1


RAW = {
    "inputs": [{"name": "age", "dtype": "float64", "shape": []}, {"name": "job", "dtype": "string", "shape": []}],
    "outputs": [{"name": "y", "dtype": "string", "shape": []}],
}


def test_of_data_with_preprocessing_the_raw_columns_are_the_contract() -> None:
    before = terms(raw=RAW, labels={"y": ["cat", "dog"]}, version=2)
    wider = terms(inputs=[{**X, "shape": [9]}], raw=RAW, labels={"y": ["cat", "dog"]})
    require_same("pets", before, wider)  # how a column is encoded is no business of its clients
    swapped = {**RAW, "inputs": RAW["inputs"][::-1]}
    with pytest.raises(PublishError, match="the inputs were in the order age, job and are job, age"):
        require_same("pets", before, terms(raw=swapped))
    with pytest.raises(PublishError, match=r"output 'y' was string \(\) of 2 labels 'cat', 'dog' and is string"):
        require_same("pets", before, terms(raw=RAW, labels={"y": ["dog", "cat"]}))
    with pytest.raises(PublishError, match="input 'age' was float64"):
        require_same("pets", before, terms())
