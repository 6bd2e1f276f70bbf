"""SHARED: Names by which clients call columns: identifiers that every format and every client can write."""

from __future__ import annotations

import itertools
import keyword
import re
import unicodedata
from collections.abc import Iterable

RESERVED = ("numbers", "codes", "self")
"""The tensors of a model, and the one name that a signature of TensorFlow cannot have."""

LONGEST = 60


def inputs_of(columns: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """Return a different identifier for each column, of ASCII: no other name can be an input of a SavedModel.

    Args:
        columns: their names in the user's file, all different.
        taken: names that have another meaning to clients, such as those of the outputs.

    >>> list(inputs_of(["price (EUR)", "price EUR", "größe", "2020", "class"]).values())
    ['price_EUR', 'price_EUR_2', 'gro_e', 'column_2020', 'class_2']
    """
    columns = list(columns)
    used = {*RESERVED, *taken, *keyword.kwlist}
    inputs = {name: name for name in columns if _identifier(name) == name and name not in used}  # they keep their own
    used |= set(inputs)
    for column in columns:
        if column not in inputs:
            name = inputs[column] = _identifier(column)
            for number in itertools.count(2):
                if inputs[column] not in used:
                    break
                inputs[column] = f"{name}_{number}"
            used.add(inputs[column])
    return {column: inputs[column] for column in columns}


def _identifier(column: str) -> str:
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", column) if not unicodedata.combining(letter))
    name = re.sub(r"\W+", "_", plain, flags=re.ASCII).strip("_")[:LONGEST].strip("_")
    return name if name[:1].isalpha() else f"column_{name}".rstrip("_")
