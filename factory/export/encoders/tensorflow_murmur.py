"""CHILD: MurmurHash3_x86_32 as a TensorFlow graph.

TensorFlow's own hashes are others, which no other runtime has. Source: MurmurHash3.cpp by Austin Appleby, in the public
domain. Whole numbers are int64 below 2**32: a product of two of them wraps, and its last 32 bits are right.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

WORD = 0xFFFFFFFF


def murmur(texts: Any) -> Any:
    """Return the hash with seed 0 of each text's bytes: int64 ``(rows,)``, from 0 to 2**32 - 1."""
    length = tf.cast(tf.strings.length(texts), tf.int64)
    whole = length // 4
    count = tf.reduce_max(tf.concat([[0], whole], axis=0)) + 1  # the block after the last whole one may be empty: zeros
    padded = tf.io.decode_raw(texts, tf.int32, fixed_length=tf.cast(count * 4, tf.int32))
    blocks = tf.bitwise.bitwise_and(tf.cast(padded, tf.int64), WORD)

    def block(i: Any, h: Any) -> tuple[Any, Any]:
        mixed = tf.bitwise.bitwise_xor(h, times(rotated(times(blocks[:, i], 0xCC9E2D51), 15), 0x1B873593))
        full = (rotated(mixed, 13) * 5 + 0xE6546B64) & WORD
        return i + 1, tf.where(i < whole, full, tf.where(i == whole, mixed, h))

    _, h = tf.while_loop(lambda i, _: i < count, block, (tf.constant(0, tf.int64), tf.zeros_like(length)))
    h = tf.bitwise.bitwise_xor(h, length)
    h = times(folded(h, 16), 0x85EBCA6B)
    h = times(folded(h, 13), 0xC2B2AE35)
    return folded(h, 16)


def times(h: Any, factor: int) -> Any:
    return (h * factor) & WORD


def rotated(h: Any, bits: int) -> Any:
    left = tf.bitwise.left_shift(h, tf.constant(bits, tf.int64)) & WORD
    return left | tf.bitwise.right_shift(h, tf.constant(32 - bits, tf.int64))


def folded(h: Any, bits: int) -> Any:
    return tf.bitwise.bitwise_xor(h, tf.bitwise.right_shift(h, tf.constant(bits, tf.int64)))
