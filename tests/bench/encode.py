"""Encoding of a mixed table against reading it: 1 million rows, 20 columns, one Parquet file."""

from __future__ import annotations

import multiprocessing
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import polars as pl

from factory.preprocessing.declared import Boolean, Category, Datetime, Declared, Number, Text
from factory.preprocessing.fit import fit
from factory.preprocessing.polars_encoder import encode
from factory.preprocessing.spec import Preprocessing

ROWS = 1_000_000
WORDS = [f"Word{place:04}" for place in range(5000)]
DECLARED: dict[str, Declared] = {
    **{f"number{i}": Number() for i in range(7)},
    "number7": Number(log=True),
    "number8": Number(scale="robust"),
    "number9": Number(bins=10),
    **{f"category{i}": Category(words=10**i) for i in (1, 2, 3)},
    "category4": Category(lower=True),
    "category5": Category(buckets=1000),
    "category6": Category(buckets=50, lower=True),
    "boolean1": Boolean(),
    "boolean2": Boolean(),
    "opened": Datetime(),
    "note": Text(length=16),
}


def table(rows: int) -> pl.DataFrame:
    """A table of the wire: float64 and text, one value in twenty missing."""
    order = np.random.default_rng(0)
    columns: dict[str, pl.Series] = {}
    for name, declared in DECLARED.items():
        if isinstance(declared, Number):
            columns[name] = pl.Series(order.lognormal(size=rows))
        elif isinstance(declared, Datetime):
            columns[name] = pl.Series(order.integers(10**9, 16 * 10**8, rows).astype(float))
        elif isinstance(declared, Text):
            columns[name] = pl.select(
                pl.concat_str([drawn(WORDS, order, rows) for _ in range(5)], separator=" ")
            ).to_series()
        else:
            columns[name] = drawn(["yes", "No"] if isinstance(declared, Boolean) else WORDS, order, rows)
        columns[name] = pl.select(pl.when(pl.Series(order.random(rows) > 0.05)).then(columns[name])).to_series()
    return pl.DataFrame(columns)


def drawn(words: list[str], order: np.random.Generator, rows: int) -> pl.Series:
    """Words at random, few of them often."""
    return pl.Series(words).gather(order.zipf(1.3, rows) % len(words))


@contextmanager
def peak() -> Iterator[Callable[[], float]]:
    """Watch how far this process' own memory (without mapped files) rises, in MB."""
    start, highest, done = anonymous(), 0.0, threading.Event()

    def watch() -> None:
        nonlocal highest
        while not done.wait(0.002):
            highest = max(highest, anonymous() - start)

    thread = threading.Thread(target=watch)
    thread.start()
    yield lambda: highest
    done.set()
    thread.join()


def anonymous() -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("RssAnon")), 0.0)


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "table.parquet"
        table(ROWS).write_parquet(file)
        plain = [name for name, declared in DECLARED.items() if not isinstance(declared, Text)]
        print(f"{ROWS:,} rows, {file.stat().st_size / 1e6:.0f} MB of Parquet, {rounds} rounds, the best of each")
        for what, names in (("20 columns", list(DECLARED)), ("without the text", plain)):
            compare(file, what, names, rounds)


def compare(file: Path, what: str, names: list[str], rounds: int) -> None:
    frame = pl.read_parquet(file, columns=names)
    started = time.process_time()
    preprocessing = fit({name: DECLARED[name] for name in names}, frame, ())
    fitted = time.process_time() - started
    walls: list[tuple[float, float]] = []
    processors: list[tuple[float, float]] = []
    for _ in range(rounds):
        wall, processor = time.perf_counter(), time.process_time()
        frame = pl.read_parquet(file, columns=names)
        between, spent = time.perf_counter(), time.process_time()
        tensors = encode(preprocessing, frame)
        walls.append((between - wall, time.perf_counter() - between))
        processors.append((spent - processor, time.process_time() - spent))
        size = sum(tensor.nbytes for tensor in tensors.values()) / 2**20
        del tensors
    with multiprocessing.get_context("spawn").Pool(1) as fresh:
        risen = fresh.apply(memory, (preprocessing, file, names))
    print(what)
    for name, pairs in (("wall time", walls), ("processor time", processors)):
        read, done = (min(side) for side in zip(*pairs, strict=True))
        print(f"  {name:15} read {read:5.2f} s   encode {done:5.2f} s   ratio {done / read:4.2f}")
    print(f"  memory          {risen:5.0f} MB, the tensors {size:.0f} MB of it;   fitting {fitted:.2f} s of processor")


def memory(preprocessing: Preprocessing, file: Path, names: list[str]) -> float:
    """How far encoding raises the memory of a process that has read the table and done nothing else, in MB."""
    frame = pl.read_parquet(file, columns=names)
    with peak() as risen:
        encode(preprocessing, frame)
    return risen()
