"""CHILD: Data source ``npz``: the named arrays of a numpy file, any number of inputs and outputs."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from factory.config.declaration import FilePath
from factory.config.named_files import require_file
from factory.core.errors import DataError
from factory.core.messages import listed, wrong
from factory.data.dataset import Array, Source

WHITE = 1 / 255
"""What bytes of an image are multiplied by, so that white is 1."""

EFFECTS = {"inputs": "signature", "outputs": "signature"}


def read(
    *,
    path: FilePath,
    outputs: dict[str, Literal["classification", "regression"]],
    inputs: list[str] | dict[str, str] | None = None,
    scale: float | dict[str, float] | None = None,
) -> Source:
    """Read the arrays of an ``.npz`` file.

    Args:
        path: of the ``.npz`` file; arrays of Python objects are refused, for reading them runs code.
        outputs: array name → task.
        inputs: array names, or input name → array name; null takes every array that is no output.
        scale: number that the model multiplies whole-number inputs by, or input → number; null takes 1/255 for images
            of bytes (uint8 with two or more axes a row), and leaves the others whole numbers.

    Raises:
        DataError: no such file or array, or an array holds Python objects.
    """
    file = require_file(path, "data.path")
    arrays = _arrays(file.name, str(file))
    inputs = [name for name in arrays if name not in outputs] if inputs is None else inputs
    names: Mapping[str, str] = inputs if isinstance(inputs, Mapping) else {name: name for name in inputs}
    declared = [*(("data.inputs", name) for name in names.values()), *(("data.outputs", name) for name in outputs)]
    absent = [
        wrong(key, name, f"an array of {file.name}: {listed([*arrays])}", arrays)
        for key, name in declared
        if name not in arrays
    ]
    if absent:
        raise DataError(absent)
    return Source(
        name=file.name,
        inputs={name: arrays[array] for name, array in names.items()},
        outputs={name: arrays[name] for name in outputs},
        tasks=outputs,
        extras={name: array for name, array in arrays.items() if name not in outputs},
        where=lambda row, name, position: (
            f"{file.name}: {names.get(name, name)}[{', '.join(map(str, (row, *position)))}]"
        ),
        factors=_factors({name: arrays[array] for name, array in names.items()}, scale),
    )


def _factors(inputs: Mapping[str, Array], scale: float | Mapping[str, float] | None) -> dict[str, float]:
    """Return the number that each whole-number input is multiplied by in the model, where there is one."""
    whole = {name: array for name, array in inputs.items() if array.dtype.kind in "iu"}
    if isinstance(scale, Mapping):
        takes = f"an input of whole numbers: {listed([*whole])}"
        unknown = [wrong("data.scale", name, takes, whole) for name in scale if name not in whole]
        if unknown:
            raise DataError(unknown)
        return dict(scale)
    if scale is not None:
        return dict.fromkeys(whole, scale)
    return {name: WHITE for name, array in whole.items() if array.dtype == np.uint8 and array.ndim > 2}


def _arrays(name: str, path: str) -> dict[str, Array]:
    """Return every array of the file by name, and refuse what is no array of rows."""
    found: dict[str, Array] = {}
    array = ""
    try:
        loaded: Any = np.load(path, allow_pickle=False)
        if not isinstance(loaded, np.lib.npyio.NpzFile):
            raise DataError(f"{name}: got a single array; takes an .npz file of named arrays")
        with loaded:
            for array in loaded.files:
                found[array] = loaded[array]
                if not isinstance(found[array], np.ndarray):  # numpy gives the bytes of what is no array
                    raise DataError(f"{name}: {array}: got a file that is no array; takes an .npz file of named arrays")
    except (EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{name}: got an empty or broken file; takes an .npz file of named arrays") from error
    except ValueError as error:
        if not array:
            raise DataError(f"{name}: got a file of another kind; takes an .npz file of named arrays") from error
        what = "got Python objects; takes numbers or text (rows of unequal length?)"
        raise DataError(f"{name}: {array}: {what}") from error
    scalars = [array for array in found if found[array].ndim == 0]
    if scalars:
        raise DataError(f"{name}: {scalars[0]}: got a single number; takes one row for each example")
    return found
