"""SHARED: The image files that a config names, with the label or the mask of each, found without opening any image.

Three layouts:

    photos/cat/1.jpg                        a folder for each class, which may hold further folders
    photos/1.jpg + labels.csv               a table with a row for each image: ``path,label``, paths relative to photos/
    photos/1.jpg + masks/1.png              a mask for each image, at the same place and of the same name but for suffix
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from factory.config.named_files import require_file
from factory.core.errors import DataError, MissingFile
from factory.core.messages import listed, shown, wrong

LITTER = {"thumbs.db", "desktop.ini"}
"""Files that file managers leave; hidden ones are ignored as well."""

MOST_LINES = 20
"""Problems that are told of one folder; the others are counted."""


@dataclass(frozen=True)
class ImageFiles:
    """Image files in a fixed order, each with its label or its mask.

    Args:
        files: paths, in sorted order or in that of the table.
        labels: the label of each, as text; None where there are masks.
        masks: the path of the mask of each; None where there are labels.
        rows: of a table of labels: the number of each one's row as a spreadsheet counts; None without a table.
        left_out: images that have neither label nor mask, where these are skipped.
    """

    files: tuple[str, ...]
    labels: tuple[str, ...] | None = None
    masks: tuple[str, ...] | None = None
    rows: tuple[int, ...] | None = None
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layout:
    """Where images, labels and masks lie, as the options of the data source ``images`` say.

    Args:
        path: the folder of the images.
        labels: a CSV file of paths and labels, or None.
        masks: a folder of masks, or None.
        path_column: the column of the table that holds paths, relative to ``path``.
        label_column: the column that holds labels.
        unlabelled: ``refuse`` or ``skip`` images that have no row in the table, or no mask.
    """

    path: str
    labels: str | None = None
    masks: str | None = None
    path_column: str = "path"
    label_column: str = "label"
    unlabelled: str = "refuse"

    def find(self) -> ImageFiles:
        """Find the images.

        Raises:
            MissingFile: a folder or the table does not exist.
            DataError: a folder is empty, there is one class, or an image and a label or mask lack each other.
        """
        if self.labels and self.masks:
            raise DataError(wrong("data.masks", self.masks, "null where data.labels is given"))
        folder = require_folder(self.path, "data.path")
        files = sorted(files_below(folder))
        if not files:
            raise DataError(wrong("data.path", self.path, "a folder that holds images"))
        if self.labels:
            return self._of_table(folder, files, require_file(self.labels, "data.labels"))
        if self.masks:
            return self._with_masks(folder, files, require_folder(self.masks, "data.masks"))
        return self._of_classes(folder, files)

    def _of_classes(self, folder: Path, files: list[str]) -> ImageFiles:
        """Label each image with the first folder on the way to it."""
        loose = [file for file in files if os.sep not in file]
        if loose:
            refuse(
                f"{folder / file}: lies in no folder of a class; takes a folder for each class, or data.labels, "
                "or data.masks"
                for file in loose
            )
        labels = tuple(file.partition(os.sep)[0] for file in files)
        if len(set(labels)) < 2:
            raise DataError(f"{folder}: got one class, {shown(labels[0])}; takes at least 2 folders that hold images")
        return ImageFiles(tuple(str(folder / file) for file in files), labels)

    def _of_table(self, folder: Path, files: list[str], table: Path) -> ImageFiles:
        """Take images and labels from the rows of the table."""
        labels: dict[str, str] = {}
        rows: dict[str, int] = {}
        problems, there = [], set(files)
        for number, path, label in read_table(table, self.path_column, self.label_column):
            file = os.path.normpath(path)
            where = f"{table.name}: row {number}"
            if not label:
                problems.append(f"{where}, column {self.label_column!r}: got nothing; takes a label")
            elif file not in there:
                problems.append(f"{where}: got {shown(path)}; takes a file in {folder}")
            elif file in labels:
                problems.append(f"{where}: got {shown(path)} again (row {rows[file]}); takes each file once")
            labels[file], rows[file] = label, number
        left_out = tuple(str(folder / file) for file in files if file not in labels)
        if left_out and self.unlabelled == "refuse":
            takes = f"a row in {table.name} for each image, or data.unlabelled=skip"
            problems += [f"{file}: has no label; takes {takes}" for file in left_out]
        refuse(problems)
        found = tuple(str(folder / file) for file in labels)
        return ImageFiles(found, tuple(labels.values()), rows=tuple(rows.values()), left_out=left_out)

    def _with_masks(self, folder: Path, files: list[str], masks: Path) -> ImageFiles:
        """Pair each image with the mask of the same place and stem."""
        inside = os.path.relpath(masks, folder)
        if not inside.startswith(os.pardir):  # masks in a folder below that of the images are no images
            files = [file for file in files if not file.startswith(inside + os.sep)]
        of_image = {os.path.splitext(file)[0]: file for file in files}
        of_mask = {os.path.splitext(file)[0]: file for file in files_below(masks)}
        problems = [f"{masks / of_mask[stem]}: has no image in {folder}" for stem in of_mask if stem not in of_image]
        if len(of_image) < len(files):
            twice = next(file for file in files if of_image[os.path.splitext(file)[0]] != file)
            problems.append(f"{folder / twice}: another image has its name but for the suffix; takes one for each mask")
        alone = tuple(str(folder / file) for stem, file in of_image.items() if stem not in of_mask)
        if alone and self.unlabelled == "refuse":
            takes = f"a mask of the same name in {masks} for each image, or data.unlabelled=skip"
            problems += [f"{file}: has no mask; takes {takes}" for file in alone]
        refuse(sorted(problems))
        pairs = [(str(folder / file), str(masks / of_mask[stem])) for stem, file in of_image.items() if stem in of_mask]
        if not pairs:
            raise DataError(wrong("data.masks", self.masks, f"a folder of masks for the images in {folder}"))
        return ImageFiles(tuple(a for a, _ in pairs), masks=tuple(b for _, b in pairs), left_out=alone)


def require_folder(path: str, key: str) -> Path:
    """Return a folder that a config names, ``~`` expanded, if it exists.

    Raises:
        MissingFile: there is no such folder; suggests the nearest name beside it.
    """
    try:
        folder = Path(path).expanduser()
        if folder.is_dir():
            return folder
        among = [str(other) for other in folder.parent.iterdir() if other.is_dir()] if folder.parent.is_dir() else []
    except (OSError, RuntimeError, ValueError) as error:  # too long, no such user behind a ~, a NUL
        raise MissingFile(wrong(key, path, "a folder that exists")) from error
    raise MissingFile(wrong(key, path, "a folder that exists", among))


def files_below(folder: Path) -> Iterator[str]:
    """Yield the path of each file below a folder, relative to it; hidden files and folders are left out."""
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        inside = os.path.relpath(parent, folder)
        for name in names:
            if not name.startswith(".") and name.lower() not in LITTER:
                yield name if inside == os.curdir else os.path.join(inside, name)


def read_table(table: Path, path_column: str, label_column: str) -> Iterator[tuple[int, str, str]]:
    """Yield number, path and label of each row of a CSV file in UTF-8; the header is row 1.

    Raises:
        DataError: a column is missing, a row is too short, or the file is no CSV in UTF-8.
    """
    try:
        with open(table, newline="", encoding="utf-8-sig") as lines:
            rows = csv.reader(lines)
            header = next(rows, [])
            named: Mapping[str, str] = {"data.path_column": path_column, "data.label_column": label_column}
            takes = f"a column of {table.name}: {listed(header) or 'it has no header'}"
            absent = [wrong(key, name, takes, header) for key, name in named.items() if name not in header]
            if absent:
                raise DataError(absent)
            path, label = header.index(path_column), header.index(label_column)
            for number, row in enumerate(rows, start=2):
                if row and len(row) != len(header):
                    raise DataError(f"{table.name}: row {number}: got {len(row)} values; takes {len(header)}")
                if row:
                    yield number, row[path].strip(), row[label].strip()
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{table.name}: got no CSV file in UTF-8: {error}") from error


def refuse(problems: Iterator[str] | list[str]) -> None:
    """Raise the first problems, and the number of the others; do nothing where there are none.

    Raises:
        DataError: there are problems.
    """
    lines = list(problems)
    if len(lines) > MOST_LINES:
        lines = [*lines[:MOST_LINES], f"and {len(lines) - MOST_LINES} more like these"]
    if lines:
        raise DataError(lines)
