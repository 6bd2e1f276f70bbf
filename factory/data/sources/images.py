"""CHILD: Data source ``images``: image files with a class, a number or a mask each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import compress
from pathlib import Path
from typing import Literal

import numpy as np

from factory.config.declaration import FilePath, Size
from factory.config.image_files import ImageFiles, Layout, refuse
from factory.core.errors import DataError
from factory.core.messages import shown, wrong
from factory.data.dataset import Source
from factory.data.decoding import Decoder
from factory.data.image_rows import ImageRows, examine
from factory.data.stored import Array, Column

MEGABYTE = 2**20


def read(
    *,
    path: FilePath,
    size: list[Size],
    labels: FilePath | None = None,
    masks: FilePath | None = None,
    task: Literal["classification", "regression"] = "classification",
    color: Literal["rgb", "grey"] = "rgb",
    scale: float = 0.00392156862745098,
    corrupt: Literal["refuse", "skip"] = "refuse",
    unlabelled: Literal["refuse", "skip"] = "refuse",
    path_column: str = "path",
    label_column: str = "label",
    memory: Size = 512,
) -> Source:
    """Find the images, look at each file once, and keep the pixels of all in memory where they fit.

    Args:
        path: of the folder: a folder for each class, or images beside ``labels`` or ``masks``. JPEG, PNG, WebP.
        size: height and width in pixels that every image is resized to.
        labels: a CSV file with a row for each image.
        masks: a folder of PNG files, one for each image: grey levels or palette indices are the classes of pixels.
        task: whether the labels of the table are classes or numbers.
        color: ``rgb`` or ``grey``.
        scale: by which the model multiplies the pixels, which it takes as whole numbers from 0 to 255.
        corrupt: what becomes of files that are no whole images of 8 bits a channel.
        unlabelled: what becomes of images without a row in the table, or without a mask.
        path_column: of the table, relative to ``path``.
        label_column: of the table.
        memory: mebibytes of pixels up to which all are decoded once; beyond, each batch is decoded when it is needed.

    Raises:
        DataError: a folder or file is missing, damaged or without its counterpart, or there is one class.
    """
    if len(size) != 2:
        raise DataError(wrong("data.size", list(size), "height and width"))
    found = Layout(path, labels, masks, path_column, label_column, unlabelled).find()
    decoder = Decoder(size[0], size[1], color)
    images, classes, found, notes = decoded(decoder, found, corrupt, memory * MEGABYTE)
    targets = classes if classes is not None else answers(found, task, labels, label_column)
    return Source(
        name=Path(path).name or path,
        inputs={"image": images},
        outputs={"label" if masks is None else "mask": targets},
        tasks={"label" if masks is None else "mask": task if masks is None else "classification"},
        where=lambda row, array, position: found.files[row],
        factors={"image": scale},
        notes=tuple(notes),
    )


def decoded(
    decoder: Decoder, found: ImageFiles, corrupt: str, limit: int
) -> tuple[Column, Column | None, ImageFiles, list[str]]:
    """Look at all files, and return images, masks, the files that were good, and lines for the user.

    Args:
        decoder: of the images.
        found: the files.
        corrupt: ``refuse`` or ``skip`` those that are no images.
        limit: bytes of pixels that are kept in memory.

    Raises:
        DataError: a file is no image, and that is refused, or none is one.
    """
    count, masked = len(found.files), found.masks is not None
    fits = count * (math.prod(decoder.shape) + masked * 4 * decoder.height * decoder.width) <= limit
    pixels = np.empty((count if fits else 0, *decoder.shape), np.uint8)
    classes = np.empty((count if fits and masked else 0, *decoder.shape[:2]), np.uint8)
    digests, good, seen = np.zeros((count, 32), np.uint8), np.zeros(count, bool), np.zeros(256, bool)
    problems, rotated = [], 0
    for row, one in enumerate(examine(decoder, found.files, found.masks, pixels=fits)):
        if one.problem is not None:
            problems.append(one.problem)
            continue
        good[row], digests[row] = True, np.frombuffer(one.digest, np.uint8)
        rotated += one.rotated
        if fits and one.pixels is not None:
            pixels[row] = one.pixels
        if one.classes is not None:
            seen[one.classes] = True
            if fits:
                classes[row] = one.classes
    if corrupt == "refuse" or not good.any():
        refuse(problems)
    notes = notes_on(found, problems, rotated)
    found = only(found, good)
    digests = digests[good]
    if fits:
        if not good.all():
            pixels, classes = pixels[good], classes[good] if masked else classes
        return pixels, classes if masked else None, found, notes
    images = ImageRows(found.files, decoder.decode, decoder.shape, "uint8", digests)
    return images, stored_masks(decoder, found.masks, digests, np.flatnonzero(seen)), found, notes


def stored_masks(decoder: Decoder, masks: Sequence[str] | None, digests: Array, labels: Array) -> ImageRows | None:
    """Return masks that are decoded to class indices whenever they are read; None where there are none."""
    if masks is None:
        return None
    index = np.zeros(256, np.int32)
    index[labels] = np.arange(len(labels))
    return ImageRows(
        masks, lambda content: index[decoder.decode_mask(content)], decoder.shape[:2], "int32", digests, labels
    )


def only(found: ImageFiles, good: Array) -> ImageFiles:
    """Return the files at the rows where ``good`` is true."""
    columns = {name: getattr(found, name) for name in ("files", "labels", "masks", "rows")}
    kept = {name: None if column is None else tuple(compress(column, good)) for name, column in columns.items()}
    return replace(found, **kept)  # type: ignore[arg-type]  # each keeps its type


def notes_on(found: ImageFiles, problems: Sequence[str], rotated: int) -> list[str]:
    """Return lines about files that were skipped, and images that a viewer would turn."""
    notes = [f"skipped: {problem}" for problem in problems[:5]]
    if len(problems) > 5:
        notes.append(f"skipped: {len(problems) - 5} more files that are no whole images")
    if found.left_out:
        notes.append(f"skipped: {len(found.left_out)} images without a label or mask, such as {found.left_out[0]}")
    if rotated:
        notes.append(f"{rotated} images have a rotation in their EXIF data, which is not applied")
    return notes


def answers(found: ImageFiles, task: str, table: str | None, column: str) -> Array:
    """Return the labels as text, as int64 where every one is a whole number (not ``007``), or as numbers.

    Raises:
        DataError: a number was asked for, and a label is none.
    """
    labels = found.labels or ()
    if task == "classification":
        whole = all(len(label) < 19 and label.lstrip("-").isdecimal() and str(int(label)) == label for label in labels)
        return np.array([int(label) for label in labels] if whole else labels)
    if table is None:
        raise DataError(wrong("data.task", task, "classification: the names of folders are classes; or data.labels"))
    problems, numbers = [], np.zeros(len(labels))
    for row, label in enumerate(labels):
        try:
            numbers[row] = float(label)
        except ValueError:
            where = f"{Path(table).name}: row {(found.rows or ())[row]}, column {column!r}"
            problems.append(f"{where}: got {shown(label)}; takes a number")
    refuse(problems)
    return numbers
