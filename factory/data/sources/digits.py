"""CHILD: Data source ``digits``: 1797 handwritten digits of 8 by 8 pixels, ten classes, from scikit-learn's files.

Source: https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits
"""

from __future__ import annotations

import numpy as np

from factory.data.bundled import bundled
from factory.data.dataset import Source

EFFECTS = {"image": "signature", "scale": "contract"}


def read(*, image: bool = False, scale: bool = True) -> Source:
    """Read the handwritten digits.

    Args:
        image: give ``image`` (8, 8, 1) instead of ``pixels`` (64,).
        scale: divide by 16, so that pixels lie between 0 and 1.
    """
    text = bundled("digits.csv.gz").strip().replace("\n", ",")
    table = np.fromstring(text, dtype=np.float32, sep=",").reshape(-1, 65)
    pixels = table[:, :64] / np.float32(16) if scale else table[:, :64]
    name, shape = ("image", (8, 8, 1)) if image else ("pixels", (64,))
    return Source(
        name="digits",
        inputs={name: pixels.reshape(-1, *shape)},
        outputs={"digit": table[:, 64].astype(np.int64)},
        tasks={"digit": "classification"},
        where=lambda row, array, position: f"digits: {array}[{row}]",
    )
