"""CHILD: Reference rows as clients send them, by which the gate judges the preprocessing inside an artifact.

They are validation rows and, since those are too tame, generated ones. ``train/raw_rows.npz`` holds plain arrays: of a
column of numbers ``numbers/<input>`` float64 ``(rows,)``; of a column of texts the UTF-8 of all of them,
``bytes/<input>`` uint8, and where each ends, ``ends/<input>`` int64 ``(rows,)``.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from factory.core.errors import ExportError
from factory.core.files import replacing_file
from factory.core.signature import Tensor
from factory.data.dataset import Array, Dataset
from factory.preprocessing.spec import Preprocessing
from factory.preprocessing.strange import strange_rows


@dataclass(frozen=True)
class RawRows:
    """Raw rows, with what training made of them.

    Args:
        preprocessing: that training used.
        count: number of validation rows; they come first.
        rows: ``input`` of each column → float64 or an array of ``str`` objects ``(n,)``.
        inputs: the tensors that they were encoded as, name → ``(n, …)``.
        outputs: the trained model's predictions for those, output name → float32 ``(n, …)``.
    """

    preprocessing: Preprocessing
    count: int
    rows: dict[str, Array]
    inputs: dict[str, Array]
    outputs: dict[str, Array]


def strange_reference(dataset: Dataset, count: int) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return the raw reference rows, and the encoding of the generated ones among them.

    Args:
        dataset: with preprocessing.
        count: of validation rows.

    Returns:
        Raw rows: the validation rows, then the generated ones; and the tensors of the latter, by the encoder of
        training.
    """
    import polars as pl  # whoever has preprocessing has read a table with it

    from factory.preprocessing.polars_encoder import encode

    preprocessing = dataset.spec.preprocessing
    if preprocessing is None or dataset.raw is None:
        raise ExportError("the dataset has no raw rows")
    strange, data = strange_rows(preprocessing), dataset.raw(count)
    dtypes = {"float64": pl.Float64, "string": pl.String}
    frame = pl.DataFrame([pl.Series(c.name, strange[c.input], dtypes[c.wire]) for c in preprocessing.columns])
    return joined(data, strange), encode(preprocessing, frame)


def joined(first: Mapping[str, Array], then: Mapping[str, Array]) -> dict[str, Array]:
    """Return the rows of two tables of the same columns, one after the other."""
    return {name: np.concatenate([array, then[name]]) for name, array in first.items()}


def write_raw_rows(path: Path, rows: Mapping[str, Array]) -> None:
    """Write raw rows; what is no number is text."""
    arrays: dict[str, Array] = {}
    for name, values in rows.items():
        if values.dtype.kind == "f":
            arrays[f"numbers/{name}"] = values
            continue
        texts = [text.encode() for text in values]
        arrays[f"bytes/{name}"] = np.frombuffer(b"".join(texts), np.uint8)
        arrays[f"ends/{name}"] = np.cumsum([len(text) for text in texts], dtype=np.int64)
    with replacing_file(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]  # numpy's stub takes any name for allow_pickle


def read_raw_rows(path: Path, wires: tuple[Tensor, ...]) -> dict[str, Array]:
    """Read raw rows of the declared columns.

    Raises:
        ExportError: the file is not what `write_raw_rows` wrote for these columns.
    """
    readers: dict[str, Callable[[Mapping[str, Array], str], Array]] = {"float64": _numbers, "string": _texts}
    try:
        with np.load(path, allow_pickle=False) as saved:
            rows = {wire.name: readers[wire.dtype](saved, wire.name) for wire in wires}
            if len(saved.files) != sum(1 + (wire.dtype == "string") for wire in wires):
                raise ValueError("further arrays")
        if len({len(values) for values in rows.values()}) != 1:
            raise ValueError("columns of different lengths")
    except (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise ExportError(f"{path}: got no raw rows of the columns; takes the ones that training wrote") from error
    return rows


def _numbers(saved: Mapping[str, Array], name: str) -> Array:
    values = saved[f"numbers/{name}"]
    if values.dtype != np.float64 or values.ndim != 1:
        raise ValueError(f"numbers/{name}: {values.dtype} {values.shape}")
    return values


def _texts(saved: Mapping[str, Array], name: str) -> Array:
    content, ends = saved[f"bytes/{name}"].tobytes(), saved[f"ends/{name}"].tolist()
    parts = [content[start:end].decode() for start, end in zip([0, *ends], ends, strict=False)]
    if sorted(ends) != ends or (ends[-1] if ends else 0) != len(content):
        raise ValueError(f"ends/{name}: not ascending to the last byte")
    return np.fromiter(parts, object, len(parts))
