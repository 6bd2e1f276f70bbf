"""Augmentation draws from seed, epoch and row alone, and moves masks with their images."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from factory.core.errors import ConfigError
from factory.core.signature import Tensor
from factory.data.dataset import DataSpec, Output
from factory.training.augmentation import Augmentation

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 8, 10, 3), np.uint8)
ROWS = np.arange(6)
SPEC = DataSpec((Tensor("image", "uint8", (8, 10, 3)),), (Output("mask", "classification", 2, (0, 1), (8, 10, 2)),))


def changed(rows: np.ndarray = ROWS, seed: tuple[int, int] = (0, 0), images: np.ndarray = IMAGES, **how: Any) -> Any:
    augmentation = Augmentation.of(how, SPEC)
    assert augmentation
    masks = images[..., 0].astype(np.int32)
    inputs, outputs = augmentation.apply({"image": images[rows]}, {"mask": masks[rows]}, seed, rows)
    return inputs["image"], outputs["mask"]


def test_nothing_declared_is_no_augmentation() -> None:
    assert Augmentation.of({"flip": False, "shift": 0.0}, SPEC) is None
    assert Augmentation.of(None, SPEC) is None


@pytest.mark.parametrize(
    "how", [{"flip": True}, {"shift": 0.2}, {"rotate": 20}, {"brightness": 0.2}, {"contrast": 0.5}]
)
def test_a_row_is_changed_alike_in_any_batch_and_otherwise_in_another_epoch(how: dict[str, Any]) -> None:
    images, _ = changed(**how)
    again, _ = changed(ROWS[::-1], **how)
    np.testing.assert_array_equal(images, again[::-1])
    assert images.dtype == np.uint8 and (images != IMAGES).any()
    assert (changed(seed=(0, 1), **how)[0] != images).any()


def test_flips_turn_half_of_the_images() -> None:
    images, masks = changed(flip=True)
    flipped = [(row == original[:, ::-1]).all() for row, original in zip(images, IMAGES, strict=True)]
    kept = [(row == original).all() for row, original in zip(images, IMAGES, strict=True)]
    assert all(a != b for a, b in zip(flipped, kept, strict=True)) and 0 < sum(flipped) < 6
    np.testing.assert_array_equal(masks, images[..., 0])


@pytest.mark.parametrize("how", [{"flip": True, "flip_vertical": True, "shift": 0.3}])
def test_masks_go_with_their_images(how: dict[str, Any]) -> None:
    images, masks = changed(**how)
    np.testing.assert_array_equal(masks, images[..., 0])


def test_masks_that_are_rotated_hold_no_new_class() -> None:
    images = np.where(IMAGES > 128, 7, 3).astype(np.uint8)
    assert set(np.unique(changed(images=images, rotate=30)[1])) == {3, 7}


def test_tones_leave_masks_alone_and_stay_bytes() -> None:
    images, masks = changed(brightness=0.9, contrast=0.9)
    np.testing.assert_array_equal(masks, IMAGES[..., 0])
    assert images.dtype == np.uint8 and images.min() == 0 and images.max() == 255


def test_real_numbers_stay_real_numbers() -> None:
    images, _ = changed(images=(IMAGES / 255).astype(np.float32), rotate=10, brightness=0.1)
    assert images.dtype == np.float32


def test_data_without_images_is_refused() -> None:
    spec = DataSpec((Tensor("features", "float32", (4,)),), ())
    with pytest.raises(ConfigError) as caught:
        Augmentation.of({"flip": True}, spec)
    assert str(caught.value) == (
        "train.augment: got {'flip': True}; takes nothing: the data has no images, but features (4,)"
    )
