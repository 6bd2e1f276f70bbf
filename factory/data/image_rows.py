"""CHILD: The pixels of many image files: decoded into memory at once, or again whenever a batch needs them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

import numpy as np

from factory.core.errors import DataError
from factory.core.process import threads
from factory.data.decoding import Decoder, Unreadable, check, is_rotated, opened
from factory.data.stored import Array, StoredRows

Result = TypeVar("Result")

AHEAD = 64
"""Files that wait for a thread at most, so that a folder of millions is not queued at once."""


@dataclass(frozen=True)
class Examined:
    """What a first look at an image, and at its mask, found.

    Args:
        problem: why it cannot be used, in words that begin with the name of the file; None where it can.
        digest: SHA-256 of the files.
        pixels: uint8 ``(height, width, channels)``, where they were asked for.
        classes: of the mask, uint8 ``(height, width)``.
        rotated: whether its EXIF data asks viewers to turn it.
    """

    problem: str | None = None
    digest: bytes = b""
    pixels: Array | None = None
    classes: Array | None = None
    rotated: bool = False


def examine(decoder: Decoder, files: Sequence[str], masks: Sequence[str] | None, *, pixels: bool) -> Iterator[Examined]:
    """Yield what was found in each image file, in order; several threads read and decode.

    Args:
        decoder: of the images.
        files: their paths.
        masks: the paths of their masks, None where there are none.
        pixels: whether to decode the images, or only to check that they are whole.
    """

    def one(file: str, mask: str | None) -> Examined:
        where = file
        try:
            content = Path(file).read_bytes()
            image = opened(content)
            rotated, size = is_rotated(image), image.size
            if not pixels:
                check(image)
            decoded = decoder.decode(content) if pixels else None
            digest = hashlib.sha256(content)
            if mask is None:
                return Examined(None, digest.digest(), decoded, None, rotated)
            where = mask
            content = Path(mask).read_bytes()
            digest.update(content)
            return Examined(None, digest.digest(), decoded, decoder.decode_mask(content, size), rotated)
        except Unreadable as error:
            return Examined(f"{where}: {error}")
        except OSError as error:
            return Examined(f"{where}: cannot be read: {error.strerror or error}")

    yield from in_threads(one, files, masks or [None] * len(files))


def in_threads(function: Callable[..., Result], *arguments: Sequence[object]) -> Iterator[Result]:
    """Yield a function's results for each row of arguments in order, computed by as many threads as we may use."""
    with ThreadPoolExecutor(threads()) as pool:
        for start in range(0, len(arguments[0]), AHEAD):
            yield from pool.map(function, *(column[start : start + AHEAD] for column in arguments))


class ImageRows(StoredRows):
    """Images, or their masks, that are decoded whenever they are read.

    Args:
        files: paths of all images.
        decode: returns the array of one file from its bytes.
        shape: of one such array.
        dtype: of its values.
        digests: SHA-256 of each file ``(files, 32)`` uint8.
        labels: as `StoredRows` has them.
        rows: indices into ``files``, one for each row; None takes all.
    """

    def __init__(
        self,
        files: Sequence[str],
        decode: Callable[[bytes], Array],
        shape: tuple[int, ...],
        dtype: str,
        digests: Array,
        labels: Array | None = None,
        rows: Array | None = None,
    ) -> None:
        self.rows = np.arange(len(files)) if rows is None else rows
        self.shape, self.dtype = (len(self.rows), *shape), np.dtype(dtype)
        self.files, self.decode, self.digests, self.labels = files, decode, digests, labels

    def read(self, indices: Array | slice) -> Array:
        """Decode the images at these indices, ``(rows, *shape)``.

        Raises:
            DataError: a file cannot be read any more.
        """
        picked = self.rows[indices]
        pixels = np.empty((len(picked), *self.shape[1:]), self.dtype)
        for row, index in enumerate(picked.tolist()):
            file = self.files[index]
            try:
                pixels[row] = self.decode(Path(file).read_bytes())
            except (Unreadable, OSError) as error:
                raise DataError(f"{file}: changed since the data was checked: {error}") from error
        return pixels

    def take(self, indices: Array | slice) -> Self:
        """Return the images at these indices without reading them."""
        shape, dtype = self.shape[1:], self.dtype.name
        return type(self)(self.files, self.decode, shape, dtype, self.digests, self.labels, self.rows[indices])

    def digest(self) -> bytes:
        """Return a SHA-256 of the files' contents in the order of the rows."""
        return hashlib.sha256(self.digests[self.rows].tobytes()).digest()
