"""CHILD: Data source ``synthetic``: random data of any size whose labels can be learnt.

Every input is generated from a few latent numbers, and a fixed random linear teacher computes the targets from those.
"""

from __future__ import annotations

import math

import numpy as np

from factory.config.declaration import Size
from factory.core.errors import DataError
from factory.core.messages import listed, wrong
from factory.data.dataset import Array, Source, Task

LATENT = 16
"""Most latent numbers behind one input: with 784 independent ones a thousand rows would teach nothing."""

EFFECTS = {"inputs": "signature", "outputs": "signature", "tokens": "signature"}


def read(
    *,
    inputs: dict[str, list[int]],
    outputs: dict[str, int],
    tokens: dict[str, int] | None = None,
    rows: Size = 1000,
    noise: float = 0.1,
    seed: int = 0,
) -> Source:
    """Generate the data.

    Args:
        inputs: name → shape without the batch axis, such as ``{features: [784]}``.
        outputs: name → number of classes, 0 for a regression target of one number.
        tokens: inputs that are whole numbers below this vocabulary size instead of real ones.
        rows: number of examples.
        noise: standard deviation of the noise added to the teacher's scores, whose own is 1.
        seed: of the numpy Generator that draws everything.

    Raises:
        DataError: a size is not positive, or ``tokens`` names no input.
    """
    tokens = tokens or {}
    _check(inputs, outputs, tokens)
    generator = np.random.default_rng(seed)
    arrays, latent = {}, []
    for name, shape in inputs.items():
        values_and_latent = (
            _tokens(generator, rows, shape, tokens[name]) if name in tokens else _numbers(generator, rows, shape)
        )
        arrays[name] = values_and_latent[0]
        latent.append(values_and_latent[1])
    all_latent = np.concatenate(latent, axis=1)
    targets = {name: _targets(generator, all_latent, classes, noise) for name, classes in outputs.items()}
    tasks: dict[str, Task] = {name: "classification" if classes else "regression" for name, classes in outputs.items()}
    return Source("synthetic", arrays, targets, tasks, where=lambda row, array, position: f"synthetic: {array}[{row}]")


def _check(inputs: dict[str, list[int]], outputs: dict[str, int], tokens: dict[str, int]) -> None:
    """Refuse shapes, numbers of classes and names that make no data; all problems at once."""
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
    """Return standard normal values ``(rows, *shape)`` and the latent numbers behind them ``(rows, latent)``."""
    size = math.prod(shape)
    latent = generator.standard_normal((rows, min(LATENT, size)))
    if size <= LATENT:
        return latent.reshape(rows, *shape), latent
    mixing = generator.standard_normal((LATENT, size)) / math.sqrt(LATENT)
    return (latent @ mixing).reshape(rows, *shape), latent


def _tokens(generator: np.random.Generator, rows: int, shape: list[int], vocabulary: int) -> tuple[Array, Array]:
    """Return tokens ``(rows, *shape)`` below ``vocabulary`` and latent numbers ``(rows, latent)``.

    The latent numbers are the sum of a random embedding of each token, over the square root of their number.
    """
    embedding = generator.standard_normal((vocabulary, LATENT))
    tokens = generator.integers(vocabulary, size=(rows, *shape))
    length = math.prod(shape)
    return tokens, embedding[tokens.reshape(rows, length)].sum(axis=1) / math.sqrt(length)


def _targets(generator: np.random.Generator, latent: Array, classes: int, noise: float) -> Array:
    """Return the teacher's class index or number for each row; every class is about equally frequent."""
    latent = (latent - latent.mean(axis=0)) / np.maximum(latent.std(axis=0), 1e-6)
    teacher = np.linalg.qr(generator.standard_normal((latent.shape[1], max(classes, 1))))[0]
    scores = latent @ teacher
    scores += noise * generator.standard_normal(scores.shape)
    if not classes:
        return np.asarray(scores)
    if classes <= latent.shape[1]:
        return np.asarray(scores.argmax(axis=1))
    # Too few latent numbers for one direction per class: rank by one direction and cut into classes of equal size.
    ranks = scores[:, 0].argsort().argsort()
    return np.asarray(ranks * classes // len(ranks))
