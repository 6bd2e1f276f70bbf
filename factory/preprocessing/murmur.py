"""CHILD: MurmurHash3 of many short texts at once, with NumPy."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from factory.preprocessing import reference

LONG = 512  # bytes; each block of four is one pass over the texts that have it, so few long texts go one by one


def murmur(texts: pl.Series) -> NDArray[np.uint32]:
    """Return MurmurHash3_x86_32 with seed 0 of the UTF-8 of each text; none may be null."""
    sizes = texts.str.len_bytes().to_numpy().astype(np.int64)
    hashes = np.zeros(len(texts), np.uint32)
    long = np.flatnonzero(sizes > LONG)
    hashes[long] = reference.murmur(text.encode() for text in texts[long].to_list())
    short = np.flatnonzero(sizes <= LONG)
    order = short[np.argsort(-sizes[short], kind="stable")]  # so that the texts with a further block come first
    hashes[order] = _of_falling_size(np.frombuffer("".join(texts[order].to_list()).encode(), np.uint8), sizes[order])
    return hashes


def _of_falling_size(characters: NDArray[np.uint8], sizes: NDArray[np.int64]) -> NDArray[np.uint32]:
    """Return the hashes of texts that lie one behind the other, the longest first."""
    padded = np.concatenate([characters, np.zeros(4, np.uint8)])
    starts = np.cumsum(sizes) - sizes
    h = np.zeros(len(sizes), np.uint32)
    for block in range(int(sizes.max(initial=0)) // 4):
        whole = np.searchsorted(-sizes, -(4 * block + 4), side="right")
        h[:whole] = _rotated(h[:whole] ^ _scrambled(_word(padded, starts[:whole] + 4 * block)), 13) * np.uint32(5)
        h[:whole] += np.uint32(0xE6546B64)
    rest = (sizes % 4).astype(np.uint32)
    ends = _word(padded, starts + sizes - rest) & ((np.uint32(1) << (rest * np.uint32(8))) - np.uint32(1))
    h ^= _scrambled(ends)  # of nothing it is 0
    h ^= sizes.astype(np.uint32)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1)):
        h = (h ^ (h >> np.uint32(shift))) * np.uint32(factor)
    return h


def _word(characters: NDArray[np.uint8], starts: NDArray[np.int64]) -> NDArray[np.uint32]:
    """Return the four bytes from each start on as little-endian numbers."""
    words = characters[starts].astype(np.uint32)
    for place in (1, 2, 3):
        words |= characters[starts + place].astype(np.uint32) << np.uint32(8 * place)
    return words


def _scrambled(k: NDArray[np.uint32]) -> NDArray[np.uint32]:
    return _rotated(k * np.uint32(0xCC9E2D51), 15) * np.uint32(0x1B873593)


def _rotated(x: NDArray[np.uint32], by: int) -> NDArray[np.uint32]:
    return (x << np.uint32(by)) | (x >> np.uint32(32 - by))
