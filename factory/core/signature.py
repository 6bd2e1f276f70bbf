"""SHARED: The signature of a model, on which clients rely: the same on every target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Tensor:
    """A named input or output of a model.

    Args:
        name: a Python identifier, which clients use.
        dtype: numpy's name, such as ``float32``.
        shape: without the batch axis, which is always free; None is a free axis.
    """

    name: str
    dtype: str
    shape: tuple[int | None, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the tensor as a JSON object."""
        return {"name": self.name, "dtype": self.dtype, "shape": list(self.shape)}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Tensor:
        """Return the tensor of a JSON object."""
        return cls(fields["name"], fields["dtype"], tuple(fields["shape"]))


@dataclass(frozen=True)
class Signature:
    """The inputs and outputs of a model, in their declared order."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the signature as a JSON object."""
        return {"inputs": [t.to_json() for t in self.inputs], "outputs": [t.to_json() for t in self.outputs]}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Signature:
        """Return the signature of a JSON object."""

        def tensors(rows: Iterable[Mapping[str, Any]]) -> tuple[Tensor, ...]:
            return tuple(Tensor.from_json(row) for row in rows)

        return cls(tensors(fields["inputs"]), tensors(fields["outputs"]))
