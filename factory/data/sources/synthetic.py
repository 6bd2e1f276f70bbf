"""CHILD: Random data with a rule behind it: the classic 784 → 10 demonstration, of any size, with labels that can be
learnt.

Every input is made from a few hidden numbers, and a fixed random teacher reads the answers off those.
"""

from __future__ import annotations

import math

import numpy as np

from factory.core.errors import DataError
from factory.core.messages import listed, wrong
from factory.data.dataset import Array, Source, Task

HIDDEN = 16
"""Most hidden numbers behind one input: with 784 free ones a thousand rows would teach nothing."""


def read(
    *,
    inputs: dict[str, list[int]],
    outputs: dict[str, int],
    tokens: dict[str, int] | None = None,
    rows: int = 1000,
    noise: float = 0.1,
    seed: int = 0,
) -> Source:
    """Make the rows.

    Args:
        inputs: name → shape without the batch axis, such as ``{features: [784]}``.
        outputs: name → number of classes, 0 for a regression target of one number.
        tokens: inputs that are whole numbers below this vocabulary size instead of real ones.
        rows: how many.
        noise: standard deviation of what is added to the teacher's scores, which have 1.
        seed: of the numpy Generator that makes everything.

    Raises:
        DataError: a size is not positive, or ``tokens`` names no input.
    """
    tokens = tokens or {}
    _check(inputs, outputs, tokens)
    generator = np.random.default_rng(seed)
    arrays, hidden = {}, []
    for name, shape in inputs.items():
        make = _tokens(generator, rows, shape, tokens[name]) if name in tokens else _numbers(generator, rows, shape)
        arrays[name] = make[0]
        hidden.append(make[1])
    behind = np.concatenate(hidden, axis=1)
    answers = {name: _answer(generator, behind, classes, noise) for name, classes in outputs.items()}
    tasks: dict[str, Task] = {name: "classification" if classes else "regression" for name, classes in outputs.items()}
    return Source("synthetic", arrays, answers, tasks, where=lambda row, array, position: f"synthetic: {array}[{row}]")


def _check(inputs: dict[str, list[int]], outputs: dict[str, int], tokens: dict[str, int]) -> None:
    problems = [
        wrong(f"data.inputs.{name}", list(shape), "positive sizes")
        for name, shape in inputs.items()
        if not shape or min(shape) < 1
    ]
    problems += [
        wrong(f"data.outputs.{name}", classes, "a number of classes, at least 2, or 0 for regression")
        for name, classes in outputs.items()
        if classes < 0 or classes == 1
    ]
    problems += [
        wrong("data.tokens", name, f"a name of data.inputs: {listed([*inputs])}", inputs)
        for name in tokens
        if name not in inputs
    ]
    if problems:
        raise DataError(problems)


def _numbers(generator: np.random.Generator, rows: int, shape: list[int]) -> tuple[Array, Array]:
    """Real numbers of about standard size, ``(rows, *shape)``, and the few hidden ones behind them."""
    size = math.prod(shape)
    hidden = generator.standard_normal((rows, min(HIDDEN, size)))
    if size <= HIDDEN:
        return hidden.reshape(rows, *shape), hidden
    mixing = generator.standard_normal((HIDDEN, size)) / math.sqrt(HIDDEN)
    return (hidden @ mixing).reshape(rows, *shape), hidden


def _tokens(generator: np.random.Generator, rows: int, shape: list[int], vocabulary: int) -> tuple[Array, Array]:
    """Whole numbers below ``vocabulary``; behind them the mean of a hidden meaning of each."""
    meaning = generator.standard_normal((vocabulary, HIDDEN))
    words = generator.integers(vocabulary, size=(rows, *shape))
    length = math.prod(shape)
    return words, meaning[words.reshape(rows, length)].sum(axis=1) / math.sqrt(length)


def _answer(generator: np.random.Generator, hidden: Array, classes: int, noise: float) -> Array:
    """What the teacher says of each row; every class is about equally frequent."""
    hidden = (hidden - hidden.mean(axis=0)) / np.maximum(hidden.std(axis=0), 1e-6)
    teacher = np.linalg.qr(generator.standard_normal((hidden.shape[1], max(classes, 1))))[0]
    scores = hidden @ teacher
    scores += noise * generator.standard_normal(scores.shape)
    if not classes:
        return np.asarray(scores)
    if classes <= hidden.shape[1]:
        return np.asarray(scores.argmax(axis=1))
    # Too few hidden numbers for a direction a class: then one direction, cut into parts of equal size.
    ranks = scores[:, 0].argsort().argsort()
    return np.asarray(ranks * classes // len(ranks))
