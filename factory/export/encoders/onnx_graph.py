"""CHILD: Writing of an ONNX graph node by node, with arithmetic on its values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto

from factory.data.dataset import Array

ELEMENT = {
    "float64": TensorProto.DOUBLE,
    "float32": TensorProto.FLOAT,
    "int32": TensorProto.INT32,
    "int64": TensorProto.INT64,
    "string": TensorProto.STRING,
}
"""Element type by the name of a dtype."""
DOMAINS = {"LabelEncoder": "ai.onnx.ml", "MurmurHash3": "com.microsoft", "Tokenizer": "com.microsoft"}
"""Domain of an operator that is not ONNX' own."""
VERSIONS = {"ai.onnx.ml": 2, "com.microsoft": 1}


@dataclass
class Graph:
    """A graph that grows.

    Args:
        prefix: of the names of all nodes and values, so that none is the name of an input.
    """

    prefix: str
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)

    def add(self, operator: str, *inputs: Value | Array, **attributes: Any) -> Value:
        """Add a node with one output, and return that.

        Args:
            operator: of ONNX or of one of `DOMAINS`.
            inputs: values of this graph, or arrays, which become constants.
            attributes: of the node.
        """
        name = f"{self.prefix}{operator}_{len(self.nodes)}"
        given = [value.name if isinstance(value, Value) else self.constant(value) for value in inputs]
        domain = DOMAINS.get(operator, "")
        self.nodes.append(onnx.helper.make_node(operator, given, [name], name=name, domain=domain, **attributes))
        return Value(self, name)

    def constant(self, array: Array) -> str:
        """Add a constant and return its name."""
        name = f"{self.prefix}constant_{len(self.constants)}"
        self.constants.append(onnx.numpy_helper.from_array(np.asarray(array), name))
        return name

    def name(self, value: Value, name: str) -> None:
        """Give a value a second name, as outputs need it."""
        self.nodes.append(onnx.helper.make_node("Identity", [value.name], [name], name=f"{self.prefix}{name}"))

    def model(
        self, inputs: Sequence[onnx.ValueInfoProto], outputs: Sequence[onnx.ValueInfoProto], like: onnx.ModelProto
    ) -> onnx.ModelProto:
        """Return the graph as a model of the same versions as another one."""
        graph = onnx.helper.make_graph(self.nodes, self.prefix.strip("/"), inputs, outputs, self.constants)
        versions = {**VERSIONS, **{opset.domain: opset.version for opset in like.opset_import}}
        opsets = [onnx.helper.make_opsetid(domain, version) for domain, version in versions.items()]
        return onnx.helper.make_model(graph, opset_imports=opsets, ir_version=like.ir_version)


@dataclass(frozen=True)
class Value:
    """A value of a graph; whole numbers in its arithmetic become int64 constants."""

    graph: Graph
    name: str

    def __add__(self, other: Value | int) -> Value:
        return self.graph.add("Add", self, _operand(other))

    def __sub__(self, other: Value | int) -> Value:
        return self.graph.add("Sub", self, _operand(other))

    def __mul__(self, other: Value | int) -> Value:
        return self.graph.add("Mul", self, _operand(other))

    def __floordiv__(self, other: Value | int) -> Value:
        """Divide whole numbers that are not negative; ONNX rounds towards zero."""
        return self.graph.add("Div", self, _operand(other))

    def __mod__(self, other: Value | int) -> Value:
        return self.graph.add("Mod", self, _operand(other))

    def cast(self, dtype: str) -> Value:
        return self.graph.add("Cast", self, to=ELEMENT[dtype])

    def column(self) -> Value:
        """Return ``(rows,)`` as ``(rows, 1)``."""
        return self.graph.add("Unsqueeze", self, np.array([1]))


def declared(name: str, dtype: str, *shape: int | None) -> onnx.ValueInfoProto:
    """Return the declaration of an input or output with a free batch axis."""
    return onnx.helper.make_tensor_value_info(name, ELEMENT[dtype], ["batch", *shape])


def _operand(value: Value | int) -> Value | Array:
    return np.array(value, np.int64) if isinstance(value, int) else value
