"""CHILD: Preprocessing of raw columns: fitted on the training rows, then applied to the rows of every part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from factory.data.dataset import Array, DataSpec, RawInputs, Rows, Source
from factory.preprocessing.spec import Answer


def encode_parts(
    spec: DataSpec, parts: Mapping[str, Rows], files: Mapping[str, Source | None]
) -> tuple[DataSpec, dict[str, Rows], Callable[[int], dict[str, Array]]]:
    """Fit preprocessing on the training rows and make the inputs of each part.

    Args:
        spec: of the outputs.
        parts: name → rows: ``train``, ``validation`` and perhaps ``test``.
        files: part → the source of its own rows; None where they are drawn from that of the training rows.

    Returns:
        The specification with inputs and preprocessing, the parts with inputs, and a function that returns so many
        validation rows as clients send them.
    """
    raws = {name: _raw(files[name] or files["train"]) for name in parts}
    answers = tuple(Answer(output.name, output.labels) for output in spec.outputs)
    fitted = raws["train"].fit(_places(parts["train"]), answers)
    encoded = {name: replace(rows, inputs=raws[name].encode(fitted, _places(rows))) for name, rows in parts.items()}
    places = _places(parts["validation"])
    return (
        replace(spec, inputs=fitted.tensors, preprocessing=fitted),
        encoded,
        lambda count: raws["validation"].wires(fitted, places[:count]),
    )


def _raw(source: Source | None) -> RawInputs:
    """Return the raw columns of a source that has them."""
    if source is None or source.raw is None:
        raise TypeError("source: takes raw columns, as the training rows have them")
    return source.raw


def _places(rows: Rows) -> Array:
    """Return where rows stand in their source."""
    if rows.places is None:
        raise TypeError("rows: takes their places in the source of raw columns")
    return rows.places
