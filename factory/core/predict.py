"""SHARED: The types of a model's computation, wherever it runs: named input arrays to named output arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

Arrays: TypeAlias = Mapping[str, np.ndarray[Any, Any]]
"""Name → array whose first axis is the batch."""

Predict: TypeAlias = Callable[[Arrays], dict[str, np.ndarray[Any, Any]]]
"""Takes any batch size; gives the outputs in their declared order."""
