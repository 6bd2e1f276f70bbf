"""Checks, labels and the split: what every source relies on. Numpy alone, no framework."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from factory.core.errors import DataError
from factory.data.dataset import DataSpec, Source
from factory.data.prepare import prepare_dataset
from factory.data.split import Split


def source(labels: Any, features: Any = None, task: str = "classification") -> Source:
    labels = np.asarray(labels)
    features = np.arange(len(labels) * 2.0).reshape(-1, 2) if features is None else np.asarray(features)
    return Source("t", {"x": features}, {"y": labels}, {"y": task}, where=lambda row, name, place: f"t: {name}[{row}]")


def fault(*arguments: Any, **more: Any) -> str:
    with pytest.raises(DataError) as caught:
        prepare_dataset(*arguments, **more)
    return str(caught.value)


def test_labels_become_sorted_int32_indices_and_the_spec_keeps_them() -> None:
    data = prepare_dataset(source(["dog", "cat"] * 10), Split())
    (output,) = data.spec.outputs
    assert output.labels == ("cat", "dog") and output.classes == 2 and output.shape == (2,)
    for rows in (data.train, data.validation):
        assert rows.outputs["y"].dtype == np.int32
        even = rows.inputs["x"][:, 0] % 4 == 0
        assert (rows.outputs["y"][even] == 1).all() and (rows.outputs["y"][~even] == 0).all()


def test_labels_may_be_any_whole_numbers() -> None:
    assert prepare_dataset(source([7, -1, 40] * 5), Split()).spec.outputs[0].labels == (-1, 7, 40)
    assert prepare_dataset(source([7.0, -1.0] * 5), Split()).spec.outputs[0].labels == (-1, 7)
    assert fault(source([0.5, 1.0]), Split()) == "t: y[0]: got 0.5; takes a label: text or a whole number"


def test_dtypes_are_float32_and_int32_and_a_single_column_gets_an_axis() -> None:
    data = prepare_dataset(source(np.arange(10), np.arange(10), "regression"), Split())
    assert data.train.inputs["x"].dtype == np.int32 and data.train.inputs["x"].shape == (8, 1)
    assert data.train.outputs["y"].dtype == np.float32 and data.train.outputs["y"].shape == (8, 1)
    assert prepare_dataset(source([0, 1] * 5), Split()).spec.inputs[0].dtype == "float32"


def test_spec_goes_through_json_and_knows_the_facts() -> None:
    spec = prepare_dataset(source(["a", "b"] * 5, np.zeros((10, 3, 4))), Split()).spec
    assert DataSpec.from_json(spec.to_json()) == spec
    assert spec.facts() == {"classes": 2, "features": 12, "shape": [3, 4]}
    assert "classes" not in prepare_dataset(source([1.5] * 10, task="regression"), Split()).spec.facts()


def test_regression_targets_are_measured_on_the_training_rows_alone() -> None:
    targets = np.column_stack([np.arange(20.0), np.full(20, 0.1), 1e8 + np.arange(20.0)])
    data = prepare_dataset(source(targets, task="regression"), Split(), scale_target=True)
    (output,) = data.spec.outputs
    assert output.scale is not None
    rows = data.train.outputs["y"].astype("float64")
    assert output.scale.mean == tuple(rows.mean(axis=0))
    assert output.scale.deviation == (rows[:, 0].std(), 1.0, rows[:, 2].std())
    assert DataSpec.from_json(data.spec.to_json()) == data.spec
    assert prepare_dataset(source(targets, task="regression"), Split()).spec.outputs[0].scale is None
    assert prepare_dataset(source([0, 1] * 5), Split(), scale_target=True).spec.outputs[0].scale is None


def test_a_spec_from_before_targets_were_scaled_is_read() -> None:
    fields = prepare_dataset(source(np.arange(10.0), task="regression"), Split()).spec.to_json()
    del fields["outputs"][0]["scale"]
    assert DataSpec.from_json(fields).scales == {}


def test_split_keeps_each_class_its_share_and_loses_no_row() -> None:
    data = prepare_dataset(source([0] * 50 + [1] * 10), Split(validation=0.2))
    assert np.bincount(data.validation.outputs["y"]).tolist() == [10, 2]
    both = np.concatenate([data.train.inputs["x"], data.validation.inputs["x"]])
    assert sorted(both[:, 0]) == list(np.arange(60) * 2.0)


def test_split_is_the_same_everywhere_and_follows_the_seed() -> None:
    data = prepare_dataset(source([0, 1] * 6), Split(validation=0.25, seed=3))
    assert data.validation.inputs["x"][:, 0].tolist() == [22.0, 4.0, 20.0, 14.0]
    assert data.fingerprint != prepare_dataset(source([0, 1] * 6), Split(validation=0.25, seed=4)).fingerprint


def test_regression_is_drawn_freely_even_when_stratified() -> None:
    assert len(prepare_dataset(source(np.arange(10.0), task="regression"), Split(stratified=True)).validation) == 2


def test_fingerprint_sees_values_names_and_order() -> None:
    plain = prepare_dataset(source([0, 1] * 5), Split()).fingerprint
    assert plain == prepare_dataset(source([0, 1] * 5), Split()).fingerprint
    assert plain != prepare_dataset(source([0, 1] * 5, np.ones((10, 2))), Split()).fingerprint
    renamed = replace(source([0, 1] * 5), inputs={"z": source([0, 1] * 5).inputs["x"]})
    assert plain != prepare_dataset(renamed, Split()).fingerprint


def test_class_too_small_for_both_parts_is_named() -> None:
    assert fault(source(["a"] * 9 + ["rare"]), Split()) == (
        "data.split.stratified: got True; takes at least 2 rows of each class; class 'rare' of 'y' has 1"
    )
    assert prepare_dataset(source(["a"] * 9 + ["rare"]), Split(stratified=False))


@pytest.mark.parametrize("share", [0, 1, -0.5])
def test_share_of_nothing_or_all_is_refused(share: float) -> None:
    takes = "takes a number between 0 and 1, both excluded"
    assert fault(source([0, 1] * 5), Split(validation=share)) == f"data.split.validation: got {share}; {takes}"


def test_nan_and_infinity_are_found_by_row() -> None:
    features = np.ones((10, 2))
    features[7, 1] = np.nan
    assert fault(source([0, 1] * 5, features), Split()) == "t: x[7]: got nan; takes a finite number"
    features[7, 1] = 1e300  # beyond float32
    assert fault(source([0, 1] * 5, features), Split()) == "t: x[7]: got 1e+300; takes a finite number"
    targets = [1.0, np.inf] * 5
    assert fault(source(targets, task="regression"), Split()) == "t: y[1]: got inf; takes a finite number"


def test_whole_numbers_beyond_32_bits_are_refused() -> None:
    features = np.array([1, 2**40])
    assert fault(source([0, 1], features), Split()) == "t: x[1]: got 1099511627776; takes a whole number of 32 bits"


def test_text_features_are_refused() -> None:
    assert fault(source([0, 1], np.array(["a", "b"])), Split()) == "t: x: got dtype <U1; takes numbers"


def test_rows_are_counted() -> None:
    assert fault(source([], np.ones((0, 2))), Split()) == "t: got no rows; takes at least 2"
    assert fault(source([1]), Split()) == "t: got 1 row; takes at least 2"
    assert fault(source([0, 1], np.ones((3, 2))), Split()) == (
        "t: got different numbers of rows: x 3, y 2; takes the same in each"
    )


def test_one_class_is_refused() -> None:
    assert fault(source(["a"] * 5), Split()) == "t: y: got one class, 'a'; takes at least 2"


def test_unknown_label_in_validation_is_named_with_its_row() -> None:
    held_out = source(["cat", "dgo", "dog"])
    assert fault(source(["cat", "dog"] * 5), Split(), held_out) == (
        "t: y[1]: got 'dgo'; takes a label of the training rows: cat, dog; did you mean 'dog'?"
    )


def test_validation_rows_of_a_file_keep_their_order_and_labels_that_look_like_numbers() -> None:
    held_out = source([2, 1, 1])
    data = prepare_dataset(source(["1", "2", "other"] * 5), Split(), held_out)
    assert data.validation.outputs["y"].tolist() == [1, 0, 0] and len(data.train) == 15


def test_validation_rows_of_another_shape_are_refused() -> None:
    held_out = source([0, 1], np.ones((2, 3)))
    assert fault(source([0, 1] * 5), Split(), held_out) == (
        "t: x: got float32 (3,); takes float32 (2,) as in the training rows"
    )


def test_declared_facts_must_agree() -> None:
    assert fault(source([0, 1] * 5), Split(), None, {"classes": 3, "shape": [2]}) == (
        "data.classes: got 3; takes what t has: 2"
    )
    assert prepare_dataset(source([0, 1] * 5), Split(), None, {"classes": 2, "features": 2, "shape": [2]})


def test_names_must_be_good_for_every_client() -> None:
    named = replace(source([0, 1]), outputs={"x": np.array([0, 1])}, tasks={"x": "classification"})
    assert fault(named, Split()) == "t: 'x' is both an input and an output; give one of them another name"
    named = replace(source([0, 1]), inputs={"a b": np.ones(2)})
    assert fault(named, Split()) == "t: got the name 'a b'; takes letters, digits and _, no digit first"


def test_the_positive_label_is_the_second_or_the_declared_one() -> None:
    ill = source(["ill", "well"] * 5)
    assert prepare_dataset(ill, Split()).spec.outputs[0].positive == "well"
    (output,) = prepare_dataset(ill, Split(), positive="ill").spec.outputs
    assert (output.positive, output.positive_index) == ("ill", 0)
    assert prepare_dataset(ill, Split(), positive={"y": "ill"}).spec.outputs[0].positive == "ill"
    assert prepare_dataset(source([True, False] * 5), Split(), positive=False).spec.outputs[0].positive == 0
    assert prepare_dataset(source(["a", "b", "c"] * 5), Split()).spec.outputs[0].positive is None


def test_a_positive_label_that_is_none_is_refused() -> None:
    ill = source(["ill", "well"] * 5)
    assert fault(ill, Split(), positive="wel") == (
        "data.positive: got 'wel'; takes a label of 'y': ill, well; did you mean 'well'?"
    )
    assert fault(ill, Split(), positive={"z": "ill"}) == "data.positive.z: unknown key; takes y"
    assert fault(source(["a", "b", "c"] * 5), Split(), positive="a") == (
        "data.positive: got 'a'; takes null: the data has no output of two classes"
    )
