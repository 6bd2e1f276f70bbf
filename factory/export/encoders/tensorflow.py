"""CHILD: Preprocessing as a TensorFlow graph: raw columns in, the model's tensors out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import tensorflow as tf

from factory.export.encoders.layout import Layout, calendar_part, wave_table
from factory.export.encoders.tensorflow_murmur import murmur
from factory.preprocessing.columns import (
    EARLIEST,
    FIRST,
    LATEST,
    MISSING,
    SEPARATORS,
    UNKNOWN,
    BooleanColumn,
    CategoryColumn,
    NumberColumn,
    TextColumn,
)
from factory.preprocessing.spec import Preprocessing

Tensors: TypeAlias = Mapping[str, Any]


class Encoder(tf.Module):
    """The preprocessing of a table, to be called inside a ``tf.function``; holds its lookup tables and steps.

    Args:
        preprocessing: what is computed.
    """

    def __init__(self, preprocessing: Preprocessing) -> None:
        super().__init__(name="encoder")
        self.preprocessing, self.layout = preprocessing, Layout(preprocessing)
        # As constants they would be folded: Grappler makes a division by one a multiplication with its inverse, which
        # rounds differently (TensorFlow 2.21).
        self.steps = tf.Variable(self.layout.steps("low", "high", "center", "scale"), trainable=False, name="steps")
        self.tables = {column.input: table for column in preprocessing.columns if (table := table_of(column))}

    def __call__(self, rows: Tensors) -> dict[str, Any]:
        """Return the model's tensors for raw columns: name → ``(rows,)``, float64 or string."""
        tensors = {}
        if self.layout.order:
            tensors["numbers"] = self.numbers(rows)
        if coded := self.preprocessing.coded:
            hashed = self.hashed(rows)
            codes = [hashed[c.input] if c.input in hashed else self.codes(c, rows[c.input]) for c in coded]
            tensors["codes"] = tf.stack(codes, axis=1)
        for column in self.preprocessing.texts:
            tensors[column.input] = self.text(column, rows[column.input])
        return tensors

    def numbers(self, rows: Tensors) -> Any:
        """Return the tensor ``numbers``: float32 ``(rows, numbers)``."""
        layout, blocks = self.layout, []
        if layout.floats:
            values = tf.stack([rows[column.input] for column in layout.floats], axis=1)
            blocks += [self.standardized(values), tf.cast(tf.math.is_nan(values), tf.float32)]
        if layout.booleans:
            blocks += self.booleans(rows)
        return tf.gather(tf.concat([*blocks, *self.waves(rows)], axis=1), layout.order, axis=1)

    def standardized(self, values: Any) -> Any:
        """Return all columns of floats filled, clipped and standardized: float32, of the shape of ``values``."""
        low, high, center, scale = tf.unstack(self.steps)
        (fill,) = self.layout.steps("fill")
        clipped = tf.minimum(tf.maximum(tf.where(tf.math.is_nan(values), fill, values), low), high)
        if self.layout.logged.any():
            clipped = tf.where(self.layout.logged, tf.math.log(1 + (clipped - low)), clipped)
        return tf.cast((clipped - center) / scale, tf.float32)

    def booleans(self, rows: Tensors) -> list[Any]:
        """Return the boolean columns and whether each is missing: float32 ``(rows, booleans)`` each."""
        columns = self.layout.booleans
        found = tf.stack([self.tables[c.input].lookup(lower(rows[c.input])) for c in columns], axis=1)
        fill = np.array([column.fill for column in columns], np.float32)
        return [tf.where(found < 0, fill, found), tf.cast(found < 0, tf.float32)]

    def waves(self, rows: Tensors) -> list[Any]:
        """Return sine and cosine of each cyclic part of all date-times: float32 ``(rows, 2 * dated)`` each."""
        dated = self.layout.dated
        if not dated:
            return []
        values = normal(tf.stack([rows[column.input] for column in dated], axis=1))
        missing = tf.math.is_nan(values)
        seconds = tf.clip_by_value(tf.where(missing, tf.zeros_like(values), values), EARLIEST, LATEST)
        since = tf.cast(tf.floor(seconds), tf.int64) - int(EARLIEST)
        waves = []
        for part in self.layout.parts:
            table = wave_table(part)
            place = tf.where(missing, tf.constant(len(table) - 1, tf.int64), calendar_part(since, part))
            waves.append(tf.reshape(tf.gather(table, place), (-1, 2 * len(dated))))
        return waves

    def codes(self, column: NumberColumn | CategoryColumn, values: Any) -> Any:
        """Return the codes of a column that is not hashed: int32 ``(rows,)``."""
        if isinstance(column, CategoryColumn):
            words = lower(values) if column.lower else values
            return tf.cast(self.tables[column.input].lookup(words), tf.int32)
        low, high = (tf.constant(limit, tf.float64) for limit in (column.low, column.high))
        clipped = tf.minimum(tf.maximum(normal(values), low), high)
        place = tf.searchsorted(tf.constant(column.bins, tf.float64), clipped, side="right")
        return tf.where(tf.math.is_nan(values), MISSING, FIRST + place)

    def hashed(self, rows: Tensors) -> dict[str, Any]:
        """Return the codes of all hashed columns, which are hashed at once: input → int32 ``(rows,)``."""
        columns = [c for c in self.preprocessing.coded if isinstance(c, CategoryColumn) and c.buckets]
        if not columns:
            return {}
        texts = [lower(rows[c.input]) if c.lower else rows[c.input] for c in columns]
        hashes = tf.split(murmur(tf.concat(texts, axis=0)), len(columns))
        return {
            column.input: tf.where(tf.equal(text, ""), MISSING, tf.cast(1 + found % column.buckets, tf.int32))
            for column, text, found in zip(columns, texts, hashes, strict=True)
        }

    def text(self, column: TextColumn, values: Any) -> Any:
        """Return token ids int32 ``(rows, length)``, or counts float32 ``(rows, words)``."""
        spaced = tf.strings.regex_replace(lower(values), f"[{re.escape(SEPARATORS)}]+", " ")
        cut = tf.raw_ops.StringSplitV2(input=spaced, sep=" ")  # in one operation; it leaves empty words at the ends
        there = tf.reshape(tf.where(tf.not_equal(cut.values, "")), (-1,))
        row, words = tf.gather(cut.indices[:, 0], there), tf.gather(cut.values, there)
        found = self.tables[column.input].lookup(words)
        count = tf.size(values, tf.int64)
        if column.length:
            ids = tf.RaggedTensor.from_value_rowids(found, row, count, validate=False)
            return tf.cast(ids.to_tensor(MISSING, shape=(None, column.length)), tf.int32)
        known = found >= FIRST
        place = tf.where(known, row * column.words + found - FIRST, tf.constant(-1, tf.int64))  # -1 is left out
        counts = tf.math.unsorted_segment_sum(tf.ones_like(place, tf.float32), place, count * column.words)
        return tf.reshape(counts, (-1, column.words))


def normal(values: Any) -> Any:
    """Return float64 with the smallest normal number, of the same sign, instead of each subnormal one.

    TensorFlow's kernels take a subnormal number for zero, which lies on another side of the boundary 0 where it is
    negative.
    """
    bits = tf.bitcast(values, tf.int64)
    size = bits & np.int64(2**63 - 1)
    smallest = np.finfo(np.float64).smallest_normal
    subnormal = (size > 0) & (size < np.int64(2**52))
    return tf.where(subnormal, tf.where(bits < 0, -smallest, smallest), values)


def lower(texts: Any) -> Any:
    """Return texts with the letters A to Z made small; without an encoding TensorFlow leaves all others."""
    return tf.strings.lower(texts, encoding="")


def table_of(column: Any) -> Any:
    """Return the lookup table of a column; None where it has none.

    Returns:
        Text → code int64, or for a boolean → 1 or 0 float32, and -1 for what is neither.
    """
    match column:
        case BooleanColumn():
            meaning = {**dict.fromkeys(column.false, 0.0), **dict.fromkeys(column.true, 1.0)}
            return static_table(meaning, tf.float32, -1.0)
        case CategoryColumn(buckets=0) | TextColumn():
            places = {word: FIRST + place for place, word in enumerate(column.vocabulary)}
            return static_table({"": MISSING, **places}, tf.int64, UNKNOWN)
    return None


def static_table(meaning: Mapping[str, Any], dtype: Any, default: Any) -> Any:
    """Return a lookup table whose contents lie in the graph."""
    words = np.array([*meaning], object)  # a list would become an array of dtype U, which drops a NUL at the end
    pairs = tf.lookup.KeyValueTensorInitializer(words, [*meaning.values()], tf.string, dtype)
    return tf.lookup.StaticHashTable(pairs, default)
