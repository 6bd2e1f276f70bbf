"""CHILD: Preprocessing as an ONNX graph: raw columns in, the model's tensors out.

Hash and tokenizer are operators of ONNX Runtime (domain ``com.microsoft``), all else is of ONNX and ``ai.onnx.ml``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import onnx

from factory.core.signature import Signature
from factory.export.encoders.layout import Layout, calendar_part, label_array, wave_table
from factory.export.encoders.onnx_graph import Graph, Value, declared
from factory.preprocessing.columns import (
    EARLIEST,
    FIRST,
    LATEST,
    MISSING,
    SEPARATORS,
    UNKNOWN,
    CategoryColumn,
    NumberColumn,
    TextColumn,
)
from factory.preprocessing.spec import Answer, Preprocessing

SEPARATOR = "[" + "".join(f"\\x{ord(character):02x}" for character in SEPARATORS) + "]"
"""A regular expression of RE2 for one separator between words."""


def encoder_model(preprocessing: Preprocessing, like: onnx.ModelProto) -> onnx.ModelProto:
    """Return the preprocessing as a model of the same versions as another one, with a free batch axis."""
    graph = Graph("preprocessing/")
    rows = {wire.name: Value(graph, wire.name) for wire in preprocessing.wires}
    if (layout := Layout(preprocessing)).order:
        graph.name(numbers(graph, layout, rows), encoded("numbers"))
    if preprocessing.coded:
        graph.name(codes(graph, preprocessing.coded, rows), encoded("codes"))
    for column in preprocessing.texts:
        graph.name(text(graph, column, rows[column.input]), encoded(column.input))
    inputs = [declared(wire.name, wire.dtype) for wire in preprocessing.wires]
    outputs = [declared(encoded(t.name), t.dtype, *t.shape) for t in preprocessing.tensors]
    return graph.model(inputs, outputs, like)


def with_preprocessing(model: onnx.ModelProto, signature: Signature, preprocessing: Preprocessing) -> onnx.ModelProto:
    """Return a model with its preprocessing before it and the meaning of its outputs behind it.

    Args:
        model: with the inputs and outputs of the signature.
        signature: of the model.
        preprocessing: whose raw columns the result takes, and whose answers it gives.
    """
    inner = onnx.compose.add_prefix(model, "model/")
    ends = [(encoded(tensor.name), f"model/{tensor.name}") for tensor in signature.inputs]
    whole = onnx.compose.merge_models(encoder_model(preprocessing, model), inner, ends)
    graph = Graph("answers/")
    outputs = [
        declared_output for answer in preprocessing.answers for declared_output in answered(graph, answer, signature)
    ]
    whole.graph.node.extend(graph.nodes)
    whole.graph.initializer.extend(graph.constants)
    del whole.graph.output[:]
    whole.graph.output.extend(outputs)
    onnx.checker.check_model(whole)
    return whole


def answered(graph: Graph, answer: Answer, signature: Signature) -> Iterator[onnx.ValueInfoProto]:
    """Write what clients get of one output, and yield the declarations of its tensors."""
    values = Value(graph, f"model/{answer.name}")
    (shape,) = (tensor.shape for tensor in signature.outputs if tensor.name == answer.name)
    *label, numbers = answer.tensors(shape)
    if answer.labels is not None:
        place = graph.add("ArgMax", values, axis=-1, keepdims=0)
        graph.name(graph.add("Gather", label_array(answer.labels), place), answer.name)
    graph.name(values, numbers.name)
    for tensor in (*label, numbers):
        yield declared(tensor.name, tensor.dtype, *tensor.shape)


def encoded(tensor: str) -> str:
    """Return the name of an encoded tensor in the file: a text column's tensor has the name of the column."""
    return f"encoded/{tensor}"


def numbers(graph: Graph, layout: Layout, rows: Mapping[str, Value]) -> Value:
    """Write the tensor ``numbers``: float32 ``(rows, numbers)``."""
    blocks: list[Value] = []
    if layout.floats:
        values = matrix(graph, [rows[column.input] for column in layout.floats])
        missing = graph.add("IsNaN", values)
        blocks += [standardized(graph, layout, values, missing), missing.cast("float32")]
    if layout.booleans:
        blocks += booleans(graph, layout, rows)
    together = graph.add("Concat", *blocks, *waves(graph, layout, rows), axis=1)
    return graph.add("Gather", together, np.array(layout.order, np.int64), axis=1)


def standardized(graph: Graph, layout: Layout, values: Value, missing: Value) -> Value:
    """Write all columns of floats filled, clipped and standardized: float32, of the shape of ``values``."""
    fill, low, high, center, scale = layout.steps("fill", "low", "high", "center", "scale")
    clipped = graph.add("Min", graph.add("Max", graph.add("Where", missing, fill, values), low), high)
    if layout.logged.any():
        logarithm = graph.add("Log", graph.add("Add", graph.add("Sub", clipped, low), np.array(1.0)))
        clipped = graph.add("Where", layout.logged, logarithm, clipped)
    return graph.add("Div", graph.add("Sub", clipped, center), scale).cast("float32")


def booleans(graph: Graph, layout: Layout, rows: Mapping[str, Value]) -> list[Value]:
    """Write the boolean columns and whether each is missing: float32 ``(rows, booleans)`` each."""
    found = []
    for column in layout.booleans:
        meaning = {**dict.fromkeys(column.false, 0.0), **dict.fromkeys(column.true, 1.0)}
        words, floats = [*meaning], [*meaning.values()]
        given = lower(graph, rows[column.input])
        found.append(graph.add("LabelEncoder", given, keys_strings=words, values_floats=floats, default_float=-1.0))
    values = matrix(graph, found)
    missing = graph.add("Less", values, np.array(0, np.float32))
    fill = np.array([column.fill for column in layout.booleans], np.float32)
    return [graph.add("Where", missing, fill, values), missing.cast("float32")]


def waves(graph: Graph, layout: Layout, rows: Mapping[str, Value]) -> list[Value]:
    """Write sine and cosine of each cyclic part of all date-times: float32 ``(rows, 2 * dated)`` each."""
    if not layout.dated:
        return []
    values = matrix(graph, [rows[column.input] for column in layout.dated])
    missing = graph.add("IsNaN", values)
    known = graph.add("Where", missing, np.array(0.0), values)
    seconds = graph.add("Floor", graph.add("Min", graph.add("Max", known, np.array(EARLIEST)), np.array(LATEST)))
    since = seconds.cast("int64") - int(EARLIEST)
    found = []
    for part in layout.parts:
        table = wave_table(part)
        place = graph.add("Where", missing, np.array(len(table) - 1), calendar_part(since, part))
        found.append(graph.add("Flatten", graph.add("Gather", table, place), axis=1))
    return found


def codes(graph: Graph, columns: Sequence[NumberColumn | CategoryColumn], rows: Mapping[str, Value]) -> Value:
    """Write the tensor ``codes``: int32 ``(rows, codes)``."""
    found = [
        binned(graph, column, rows[column.input])
        if isinstance(column, NumberColumn)
        else category(graph, column, rows[column.input])
        for column in columns
    ]
    return matrix(graph, found).cast("int32")


def binned(graph: Graph, column: NumberColumn, values: Value) -> Value:
    """Write the codes of a number in bins: int64 ``(rows,)``."""
    clipped = graph.add("Min", graph.add("Max", values, np.array(column.low)), np.array(column.high))
    reached = graph.add("GreaterOrEqual", clipped.column(), np.array(column.bins))
    place = graph.add("ReduceSum", reached.cast("int64"), np.array([1]), keepdims=0)
    return graph.add("Where", graph.add("IsNaN", values), np.array(MISSING), place + FIRST)


def category(graph: Graph, column: CategoryColumn, values: Value) -> Value:
    """Write the codes of a category: int64 ``(rows,)``."""
    words = lower(graph, values) if column.lower else values
    if not column.buckets:
        return places(graph, column.vocabulary, words)
    there = graph.add("LabelEncoder", words, keys_strings=[""], values_int64s=[MISSING], default_int64=1)
    hashed = graph.add("MurmurHash3", words, positive=1, seed=0)
    return (graph.add("Mod", hashed, np.array(column.buckets, np.uint32)).cast("int64") + 1) * there


def text(graph: Graph, column: TextColumn, values: Value) -> Value:
    """Write token ids int32 ``(rows, length)``, or counts float32 ``(rows, words)``."""
    cut = {"mark": 0, "mincharnum": 1, "pad_value": "", "separators": [SEPARATOR]}
    words = graph.add("Tokenizer", lower(graph, values), **cut)  # filled up with empty words
    if not column.length:
        once = {"min_gram_length": 1, "max_gram_length": 1, "max_skip_count": 0, "ngram_counts": [0]}
        order = {"pool_strings": list(column.vocabulary), "ngram_indexes": list(range(column.words))}
        return graph.add("TfIdfVectorizer", words, mode="TF", **once, **order)
    ids = graph.add("Pad", places(graph, column.vocabulary, words), np.array([0, 0, 0, column.length]))
    return graph.add("Slice", ids, np.array([0]), np.array([column.length]), np.array([1])).cast("int32")


def places(graph: Graph, vocabulary: Sequence[str], words: Value) -> Value:
    """Write the place of each word in a vocabulary as its code: int64, of the same shape."""
    found = {"": MISSING, **{word: FIRST + place for place, word in enumerate(vocabulary)}}
    table = {"keys_strings": [*found], "values_int64s": [*found.values()], "default_int64": UNKNOWN}
    return graph.add("LabelEncoder", words, **table)


def lower(graph: Graph, texts: Value) -> Value:
    """Write texts ``(rows,)`` with the letters A to Z made small; another locale fails where it is not installed."""
    return graph.add("StringNormalizer", texts, case_change_action="LOWER", is_case_sensitive=1, locale="C")


def matrix(graph: Graph, columns: Sequence[Value]) -> Value:
    """Write columns ``(rows,)`` as one matrix ``(rows, columns)``."""
    return graph.add("Concat", *(column.column() for column in columns), axis=1)
