"""CHILD: Augmentation: random changes of training images, and of the masks that belong to them.

What is drawn for a row follows from the seed, the epoch and the row alone, so that a resumed training sees the same
images. Nothing of it is part of the model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from factory.core.errors import ConfigError
from factory.core.messages import wrong
from factory.data.dataset import Array, DataSpec

DRAWS = 7
"""Random numbers of a row: two flips, two shifts, rotation, brightness, contrast."""


@dataclass(frozen=True)
class Augmentation:
    """The settings of ``train.augment``; 0 or False leaves images as they are.

    Args:
        images: inputs ``(rows, height, width, channels)`` that are changed.
        masks: outputs ``(rows, height, width)`` that are moved with them.
        flip: left to right, half of the rows.
        flip_vertical: top to bottom, half of the rows.
        shift: up to this share of height and width, whole pixels; the border is repeated.
        rotate: up to so many degrees either way.
        brightness: up to this share of white is added or taken away.
        contrast: up to this share by which differences from an image's mean grow or shrink.
    """

    images: tuple[str, ...]
    masks: tuple[str, ...]
    flip: bool = False
    flip_vertical: bool = False
    shift: float = 0.0
    rotate: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0

    @classmethod
    def of(cls, declared: Mapping[str, Any] | None, spec: DataSpec) -> Self | None:
        """Return the declared augmentation of this data, None where nothing is declared.

        Raises:
            ConfigError: the data has no images.
        """
        used = {name: value for name, value in (declared or {}).items() if value}
        if not used:
            return None
        images = tuple(tensor.name for tensor in spec.inputs if len(tensor.shape) == 3)
        if not images:
            shapes = ", ".join(f"{tensor.name} {tensor.shape}" for tensor in spec.inputs)
            raise ConfigError(wrong("train.augment", used, f"nothing: the data has no images, but {shapes}"))
        masks = tuple(o.name for o in spec.outputs if o.task == "classification" and len(o.shape) == 3)
        return cls(images, masks, **used)

    def apply(
        self, inputs: Mapping[str, Array], outputs: Mapping[str, Array], seed: Sequence[int], rows: Array
    ) -> tuple[dict[str, Array], dict[str, Array]]:
        """Return a batch with its images and masks changed.

        Args:
            inputs: name → ``(batch, ...)``.
            outputs: likewise.
            seed: of the run and number of the epoch.
            rows: the index of each row among the training rows ``(batch,)``.
        """
        drawn = np.stack([np.random.default_rng([*seed, row]).uniform(-1, 1, DRAWS) for row in rows.tolist()])
        moved = {name: self._toned(self._moved(inputs[name], drawn), drawn) for name in self.images}
        followed = {name: self._moved(outputs[name][..., None], drawn, nearest=True)[..., 0] for name in self.masks}
        return {**inputs, **moved}, {**outputs, **followed}

    def _moved(self, images: Array, drawn: Array, *, nearest: bool = False) -> Array:
        """Return images ``(batch, height, width, channels)`` flipped, shifted and rotated."""
        if not (self.flip or self.flip_vertical or self.shift or self.rotate):
            return images
        height, width = images.shape[1:3]
        angle = np.deg2rad(self.rotate * drawn[:, 4])[:, None, None]
        down, right = np.rint(self.shift * drawn[:, 2] * height), np.rint(self.shift * drawn[:, 3] * width)
        y = np.arange(height)[None, :, None] - (height - 1) / 2 - down[:, None, None]
        x = np.arange(width)[None, None, :] - (width - 1) / 2 - right[:, None, None]
        ahead_y = np.cos(angle) * y - np.sin(angle) * x
        ahead_x = np.sin(angle) * y + np.cos(angle) * x
        ahead_y *= np.where(self.flip_vertical & (drawn[:, 1] > 0), -1, 1)[:, None, None]
        ahead_x *= np.where(self.flip & (drawn[:, 0] > 0), -1, 1)[:, None, None]
        ahead_y += (height - 1) / 2
        ahead_x += (width - 1) / 2
        if nearest or not self.rotate:
            return picked(images, np.rint(ahead_y), np.rint(ahead_x))
        return between(images, ahead_y, ahead_x)

    def _toned(self, images: Array, drawn: Array) -> Array:
        """Return images with another brightness and contrast; bytes stay between 0 and 255."""
        if not (self.brightness or self.contrast):
            return images
        white = 255.0 if images.dtype == np.uint8 else 1.0
        more = (self.brightness * white * drawn[:, 5])[:, None, None, None]
        factor = (1 + self.contrast * drawn[:, 6])[:, None, None, None]
        mean = images.mean(axis=(1, 2, 3), keepdims=True)
        return as_dtype((images - mean) * factor + mean + more, images.dtype)


def picked(images: Array, y: Array, x: Array) -> Array:
    """Return the pixels at whole coordinates ``(batch, height, width)``; beyond the border it is repeated."""
    row = np.arange(len(images))[:, None, None]
    height, width = images.shape[1:3]
    inside_y, inside_x = np.clip(y, 0, height - 1).astype(np.intp), np.clip(x, 0, width - 1).astype(np.intp)
    pixels: Array = images[row, inside_y, inside_x]
    return pixels


def between(images: Array, y: Array, x: Array) -> Array:
    """Return the pixels at real coordinates ``(batch, height, width)``, interpolated between the four around each."""
    top, left = np.floor(y), np.floor(x)
    down, right = (y - top)[..., None], (x - left)[..., None]
    above = picked(images, top, left) * (1 - right) + picked(images, top, left + 1) * right
    below = picked(images, top + 1, left) * (1 - right) + picked(images, top + 1, left + 1) * right
    return as_dtype(above * (1 - down) + below * down, images.dtype)


def as_dtype(values: Array, dtype: np.dtype[Any]) -> Array:
    """Return real numbers in the dtype of the images: whole ones rounded, and kept between 0 and 255."""
    return np.clip(np.rint(values), 0, 255).astype(dtype) if dtype.kind in "iu" else values.astype(dtype)
