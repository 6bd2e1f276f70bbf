"""SHARED: The signature of a model: what clients rely on. Owned by us, the same on every target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Tensor:
    """One named input or output.

    Args:
        name: a Python identifier; the name clients use.
        dtype: numpy's name, such as ``float32``.
        shape: without the batch axis, which is always free; None is a free axis.
    """

    name: str
    dtype: str
    shape: tuple[int | None, ...]

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "dtype": self.dtype, "shape": list(self.shape)}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Tensor:
        return cls(fields["name"], fields["dtype"], tuple(fields["shape"]))


@dataclass(frozen=True)
class Signature:
    """Inputs and outputs in their declared order."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]

    def to_json(self) -> dict[str, Any]:
        return {"inputs": [t.to_json() for t in self.inputs], "outputs": [t.to_json() for t in self.outputs]}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Signature:
        def tensors(rows: Iterable[Mapping[str, Any]]) -> tuple[Tensor, ...]:
            return tuple(Tensor.from_json(row) for row in rows)

        return cls(tensors(fields["inputs"]), tensors(fields["outputs"]))
