"""What two trainings came to, compared without Keras."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import h5py
import numpy as np


def weights(run: Path) -> list[np.ndarray]:
    """The arrays inside a run's model.keras."""
    found: list[np.ndarray] = []
    with zipfile.ZipFile(run / "train" / "model.keras") as archive:
        with h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file:
            file.visititems(lambda name, item: found.append(item[()]) if isinstance(item, h5py.Dataset) else None)
    return found


def same_weights(one: Path, other: Path) -> bool:
    """Whether two runs have the same, bit for bit."""
    a, b = weights(one), weights(other)
    return len(a) == len(b) > 0 and all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
