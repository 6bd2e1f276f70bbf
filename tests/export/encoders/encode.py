"""Child: encode strange rows inside a graph, compare with the reference and print one JSON line.

python encode.py onnx|tensorflow  →  {case: [the columns that differ]}, for the whole table and for each column alone
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from factory.core.predict import Arrays, Predict
from factory.export.skew import skews
from factory.preprocessing.reference import encode
from factory.preprocessing.spec import Preprocessing
from factory.preprocessing.strange import strange_rows
from tests.preprocessing.made import EVERYTHING


def onnx_encoder(preprocessing: Preprocessing) -> Predict:
    import onnx
    import onnxruntime

    from factory.export.encoders.onnx import encoded, encoder_model

    empty = onnx.helper.make_graph([], "empty", [], [])
    like = onnx.helper.make_model(empty, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=8)
    model = encoder_model(preprocessing, like)
    onnx.checker.check_model(model)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [tensor.name for tensor in preprocessing.tensors]
    return lambda rows: dict(zip(names, session.run([*map(encoded, names)], dict(rows)), strict=True))


def tensorflow_encoder(preprocessing: Preprocessing) -> Predict:
    import tensorflow as tf

    from factory.export.encoders.tensorflow import Encoder

    encoder = Encoder(preprocessing)
    specs = {wire.name: tf.TensorSpec((None,), wire.dtype, wire.name) for wire in preprocessing.wires}
    run = tf.function(lambda **rows: encoder(rows), autograph=False).get_concrete_function(**specs)

    def predict(rows: Arrays) -> dict[str, np.ndarray]:
        return {name: t.numpy() for name, t in run(**{name: tf.constant(rows[name]) for name in rows}).items()}

    return predict


def differing(make: Callable[[Preprocessing], Predict], preprocessing: Preprocessing, size: int | None = None) -> list:
    """The columns that differ on strange rows, in batches of a size or all at once."""
    rows, predict = strange_rows(preprocessing), make(preprocessing)
    count = len(next(iter(rows.values())))
    starts = range(0, count, size or count)
    parts = [predict({name: values[i : i + (size or count)] for name, values in rows.items()}) for i in starts]
    actual = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return [skew.column for skew in skews(preprocessing, encode(preprocessing.to_json(), rows), actual)]


make = {"onnx": onnx_encoder, "tensorflow": tensorflow_encoder}[sys.argv[1]]
found = {"all": differing(make, EVERYTHING), "one by one": differing(make, EVERYTHING, 1)}
found |= {c.name: differing(make, replace(EVERYTHING, columns=(c,)), 100) for c in EVERYTHING.columns}
print("RESULT " + json.dumps(found))
