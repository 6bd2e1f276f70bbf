"""CHILD: The reference implementation of preprocessing: NumPy alone, slow and plain; it stands by itself in one file.

A copy lies as ``preprocessing.py`` beside every published version, with the specification ``preprocessing.json``::

    specification = json.loads(Path("preprocessing.json").read_text())
    tensors = encode(specification, {"age": [31.0, None], "job": ["clerk", ""]})   # what the model takes
    answers = answer(specification, {"risk": probabilities})                       # what its outputs mean

Rows are given by column, under the column's ``input``. A column of numbers (kinds ``number`` and ``datetime``, the
latter in seconds since 1970 in UTC) takes a list or an array of numbers, in which None and NaN are missing; a column of
text (all other kinds) takes a list or an array of ``str`` objects, in which None and the empty text are missing. Arrays
of dtype ``U`` drop NUL characters at the end of a text: give lists or arrays of objects. Nothing is trimmed.

The specification is ``{"format": 1, "columns": [...], "outputs": [{"name", "labels"}]}``. A column has its ``kind``,
its ``name`` in the table that the model was trained on, its ``input``, and:

- number: ``fill`` (for a missing one), ``low`` and ``high`` (it is clipped to), ``log`` (of ``1 + (x - low)``),
  ``center`` and ``scale`` (``(x - center) / scale`` in float64, then cast), ``indicator`` (a second number: 1 where it
  was missing); with ``bins`` a code: 0 missing, else 2 + how many of these boundaries are at most the clipped number
- category: a code: 0 missing, 1 unknown, 2 + place in ``vocabulary``; or with ``buckets`` 1 + its MurmurHash3 modulo
  their number; ``lower`` makes A to Z small first, and no other letters; ``one_hot`` is a word to the model alone
- boolean: 1 for a spelling in ``true``, 0 for one in ``false``, A to Z made small, else ``fill``; ``indicator``
- datetime: with ``elapsed`` a number as above; for each of ``parts`` sine and cosine, of a missing one 0; ``indicator``
- text: its words, A to Z made small and cut at `SEPARATORS`: ``length`` ids (1 unknown, 2 + place in ``vocabulary``, 0
  behind the end), or, where ``length`` is 0, how often each word of the vocabulary occurs
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Column: TypeAlias = Mapping[str, Any]

FORMAT = 1
NUMERIC = ("number", "datetime")
MISSING, UNKNOWN, FIRST = 0, 1, 2
EARLIEST, LATEST = -62135596800.0, 253402300799.0  # seconds since 1970: the years 1 to 9999
CYCLES = {"hour": 24, "weekday": 7, "day": 31, "month": 12}
SEPARATORS = '\t\n\r !"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'
_LOWER = {ord(letter): letter.lower() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
_CUT = {**_LOWER, **dict.fromkeys(map(ord, SEPARATORS), " ")}


def encode(specification: Mapping[str, Any], rows: Mapping[str, Sequence[Any] | Array]) -> dict[str, Array]:
    """Encode raw rows as the tensors that the model takes.

    Args:
        specification: the JSON object.
        rows: ``input`` of each column → its values ``(rows,)``.

    Returns:
        ``numbers`` float32 ``(rows, numbers)`` and ``codes`` int32 ``(rows, codes)``, each where a column needs it, and
        for each text column, under its ``input``, token ids int32 ``(rows, length)`` or counts float32 ``(rows,
        words)``.

    Raises:
        ValueError: a column is missing, unknown, of another length than the first, or holds a value of the wrong type.
    """
    columns = _columns(specification)
    raw = _checked(columns, rows)
    numbers: list[Array] = []
    codes: list[Array] = []
    texts: dict[str, Array] = {}
    for column in columns:
        values = raw[column["input"]]
        if column["kind"] == "text":
            texts[column["input"]] = _text(column, values)
        elif column["kind"] == "category":
            codes.append(_category(column, values))
        elif column["kind"] == "number" and column["bins"]:
            codes.append(_bins(column, values))
        else:
            numbers += _NUMBERS[column["kind"]](column, values)
    return {
        **({"numbers": np.stack(numbers, axis=1)} if numbers else {}),
        **({"codes": np.stack(codes, axis=1)} if codes else {}),
        **texts,
    }


def answer(specification: Mapping[str, Any], outputs: Mapping[str, Any]) -> dict[str, Array]:
    """Say what the model's outputs mean.

    Args:
        specification: the JSON object.
        outputs: output name → probabilities ``(rows, classes)`` of a classification, numbers ``(rows, k)`` of a
            regression.

    Returns:
        For a classification ``risk`` the most probable label as ``risk`` (int64, or an array of ``str`` objects) and
        ``risk_probabilities`` ``(rows, classes)``; of equal probabilities the first counts. A regression as it is.

    Raises:
        ValueError: an output is missing, or its width is not the number of labels.
    """
    answers: dict[str, Array] = {}
    for output in specification["outputs"]:
        name, labels = output["name"], output["labels"]
        if name not in outputs:
            raise ValueError(f"output {name!r}: missing; got {', '.join(outputs) or 'none'}")
        values = np.asarray(outputs[name])
        if labels is None:
            answers[name] = values
            continue
        if values.ndim != 2 or values.shape[1] != len(labels):
            raise ValueError(f"output {name!r}: got shape {values.shape}; takes (rows, {len(labels)})")
        whole = all(isinstance(label, int) for label in labels)
        answers[name] = np.array(labels, np.int64 if whole else object)[values.argmax(axis=1)]
        answers[f"{name}_probabilities"] = values
    return answers


# ---- columns that become numbers


def _number(column: Column, values: Array) -> list[Array]:
    missing = np.isnan(values)
    x = _clipped(np.where(missing, column["fill"], values), column)
    if column["log"]:
        x = np.log(1 + (x - column["low"]))
    return [_standard(x, column), *_indicator(column, missing)]


def _boolean(column: Column, values: Array) -> list[Array]:
    meaning = {**dict.fromkeys(column["false"], 0.0), **dict.fromkeys(column["true"], 1.0)}
    found = [meaning.get(value.translate(_LOWER)) for value in values]
    missing = np.array([value is None for value in found], bool)
    numbers = np.array([column["fill"] if value is None else value for value in found], np.float32)
    return [numbers, *_indicator(column, missing)]


def _datetime(column: Column, values: Array) -> list[Array]:
    missing = np.isnan(values)
    numbers = []
    if column["elapsed"]:
        numbers.append(_standard(_clipped(np.where(missing, column["fill"], values), column), column))
    seconds = np.floor(np.where(missing, 0.0, values).clip(EARLIEST, LATEST)).astype(np.int64)
    for part in column["parts"]:
        size, place = CYCLES[part], _part(part, seconds)
        for wave in (math.sin, math.cos):
            table = np.array([wave(2 * math.pi * i / size) for i in range(size)], np.float32)
            numbers.append(np.where(missing, np.float32(0), table[place]))
    return [*numbers, *_indicator(column, missing)]


_NUMBERS = {"number": _number, "boolean": _boolean, "datetime": _datetime}


def _part(part: str, seconds: NDArray[np.int64]) -> Array:
    """Return a cyclic part of whole seconds since 1970; Monday is 0, days and months count from 0."""
    days = seconds // 86400
    if part == "hour":
        return seconds % 86400 // 3600
    if part == "weekday":
        return (days + 3) % 7  # 1970 began on a Thursday
    months = days.astype("datetime64[D]").astype("datetime64[M]")
    if part == "month":
        return months.astype(np.int64) % 12
    day: Array = days - months.astype("datetime64[D]").astype(np.int64)
    return day


def _clipped(x: Array, column: Column) -> Array:
    low, high = column["low"], column["high"]
    return np.where(x < low, low, np.where(x > high, high, x))


def _standard(x: Array, column: Column) -> Array:
    with np.errstate(over="ignore"):  # beyond float32 it is infinite
        standard: Array = ((x - column["center"]) / column["scale"]).astype(np.float32)
    return standard


def _indicator(column: Column, missing: Array) -> list[Array]:
    return [missing.astype(np.float32)] if column["indicator"] else []


# ---- columns that become codes


def _bins(column: Column, values: Array) -> Array:
    missing = np.isnan(values)
    place = np.searchsorted(np.array(column["bins"]), _clipped(values, column), side="right")
    return np.where(missing, MISSING, FIRST + place).astype(np.int32)


def _category(column: Column, values: Array) -> Array:
    texts = [value.translate(_LOWER) for value in values] if column["lower"] else values.tolist()
    if column["buckets"]:
        codes = 1 + murmur(text.encode() for text in texts) % np.uint32(column["buckets"])
        return np.where(np.array([text == "" for text in texts], bool), MISSING, codes).astype(np.int32)
    places = {"": MISSING, **_places(column)}
    return np.array([places.get(text, UNKNOWN) for text in texts], np.int32)


def murmur(keys: Iterable[bytes]) -> NDArray[np.uint32]:
    """Return MurmurHash3_x86_32 of each key with seed 0.

    Source: MurmurHash3.cpp by Austin Appleby, in the public domain.
    """
    return np.fromiter((_murmur(key) for key in keys), np.uint32)


def _murmur(key: bytes) -> int:
    word, h = 0xFFFFFFFF, 0
    for start in range(0, len(key), 4):
        block = key[start : start + 4]
        k = int.from_bytes(block, "little") * 0xCC9E2D51 & word
        h ^= (k << 15 | k >> 17) * 0x1B873593 & word
        if len(block) == 4:
            h = (h << 13 | h >> 19) * 5 + 0xE6546B64 & word
    h ^= len(key)
    h = (h ^ h >> 16) * 0x85EBCA6B & word
    h = (h ^ h >> 13) * 0xC2B2AE35 & word
    return h ^ h >> 16


# ---- texts


def _text(column: Column, values: Array) -> Array:
    places = _places(column)
    if column["length"]:
        ids = np.zeros((len(values), column["length"]), np.int32)
        for row, value in enumerate(values):
            found = [places.get(word, UNKNOWN) for word in words(value)[: column["length"]]]
            ids[row, : len(found)] = found
        return ids
    counts = np.zeros((len(values), len(column["vocabulary"])), np.float32)
    for row, value in enumerate(values):
        for word in words(value):
            if word in places:
                counts[row, places[word] - FIRST] += 1
    return counts


def words(text: str) -> list[str]:
    """Return the words of a text, the letters A to Z made small."""
    return [word for word in text.translate(_CUT).split(" ") if word]


def _places(column: Column) -> dict[str, int]:
    return {word: FIRST + place for place, word in enumerate(column["vocabulary"])}


# ---- checks


def _columns(specification: Mapping[str, Any]) -> list[Column]:
    if specification.get("format") != FORMAT:
        raise ValueError(f"format: got {specification.get('format')!r}; takes {FORMAT}")
    return list(specification["columns"])


def _checked(columns: Sequence[Column], rows: Mapping[str, Sequence[Any] | Array]) -> dict[str, Array]:
    """Return the rows as arrays float64 or of ``str``, of equal length."""
    names = [column["input"] for column in columns]
    for name in [*rows, *names]:
        if name not in names:
            raise ValueError(f"column {name!r}: unknown; takes {', '.join(names)}")
        if name not in rows:
            raise ValueError(f"column {name!r}: missing; got {', '.join(rows) or 'none'}")
    raw = {
        column["input"]: (_floats if column["kind"] in NUMERIC else _texts)(column["input"], rows[column["input"]])
        for column in columns
    }
    for name, values in raw.items():
        if len(values) != len(raw[names[0]]):
            raise ValueError(f"column {name!r}: got {len(values)} rows; column {names[0]!r} has {len(raw[names[0]])}")
    return raw


def _floats(name: str, values: Sequence[Any] | Array) -> Array:
    array = _flat(name, values)
    if array.dtype.kind not in "fiu":
        numbers = (int, float, np.integer, np.floating, type(None))
        for row, value in enumerate(array):
            if isinstance(value, bool) or not isinstance(value, numbers):
                raise ValueError(f"column {name!r}: row {row}: got {value!r:.80}; takes a number")
    try:
        return array.astype(np.float64)
    except OverflowError as error:
        raise ValueError(f"column {name!r}: got a whole number beyond 1.8e308; takes 64-bit floats") from error


def _texts(name: str, values: Sequence[Any] | Array) -> Array:
    array = _flat(name, values).astype(object)
    for row, value in enumerate(array):
        if value is None:
            array[row] = ""
        elif not isinstance(value, str):
            raise ValueError(f"column {name!r}: row {row}: got {value!r:.80}; takes text")
    return array


def _flat(name: str, values: Sequence[Any] | Array) -> Array:
    """Return the values as an array ``(rows,)``, those of a list as they are."""
    array = values if isinstance(values, np.ndarray) else np.fromiter(values, object, len(values))
    if array.ndim != 1:
        raise ValueError(f"column {name!r}: got shape {array.shape}; takes (rows,)")
    return array
