"""CHILD: Target ``saved_model``: a TensorFlow SavedModel, as TensorFlow Serving reads it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from factory.core.predict import Arrays, Predict
from factory.core.signature import Signature
from factory.export.backend import backend_function
from factory.export.encoders.layout import label_array
from factory.export.encoders.tensorflow import Encoder
from factory.export.failure import failing
from factory.export.target import RawArtifact
from factory.export.tensorflow_trace import spec
from factory.preprocessing.spec import Preprocessing

SERVED = "serving_default"
ENCODED = "encoded"
"""The signature that takes encoded tensors, where the default one takes raw columns."""
PREPROCESSING = "preprocessing"
"""The signature that only encodes raw columns."""
EXTRA = "assets.extra"
"""The folder in a SavedModel that TensorFlow and its server leave alone."""


def export(model: keras.Model, signature: Signature, folder: Path) -> None:
    """Write the model as a SavedModel with one endpoint, ``serve``, and its signature ``serving_default``.

    Args:
        model: maps a dictionary of inputs to a dictionary of outputs.
        signature: names the tensors; their order does not matter, since a SavedModel is called by name.
        folder: exists; becomes the SavedModel, ``saved_model.pb`` at its top.

    Raises:
        ExportError: TensorFlow could not write it.
    """
    write = backend_function("write_saved_model")
    with failing("no SavedModel was written"):
        write(model, signature, folder)


def load(folder: Path, signature: Signature) -> Predict:
    """Load the SavedModel with TensorFlow alone."""
    with failing("TensorFlow does not load the SavedModel"):
        loaded = tf.saved_model.load(str(folder))
        return predictor(loaded, SERVED, [tensor.name for tensor in signature.outputs])


def carry(folder: Path, signature: Signature, preprocessing: Preprocessing) -> None:
    """Write the SavedModel once more, with raw columns in its default signature and endpoint ``serve``.

    Args:
        folder: holds the exported SavedModel.
        signature: of the model.
        preprocessing: becomes part of the graph.

    Raises:
        ExportError: TensorFlow could not write it.
    """
    with failing("no SavedModel was written that takes raw columns"):
        bundle = tf.Module()
        bundle.model, bundle.encoder = tf.saved_model.load(str(folder)), Encoder(preprocessing)
        model = bundle.model.signatures[SERVED]

        def serve(**rows: tf.Tensor) -> dict[str, tf.Tensor]:
            return answers(preprocessing, model(**bundle.encoder(rows)))

        def encode(**rows: tf.Tensor) -> dict[str, tf.Tensor]:
            return dict(bundle.encoder(rows))

        raw = {wire.name: spec(wire) for wire in preprocessing.wires}
        bundle.serve = tf.function(serve, autograph=False)
        signatures = {
            SERVED: bundle.serve.get_concrete_function(**raw),
            ENCODED: model,
            PREPROCESSING: tf.function(encode, autograph=False).get_concrete_function(**raw),
        }
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            tf.saved_model.save(bundle, scratch, signatures)
            shutil.copytree(scratch, folder, dirs_exist_ok=True)


def load_raw(folder: Path, signature: Signature, preprocessing: Preprocessing) -> RawArtifact:
    """Load the SavedModel that takes raw columns with TensorFlow alone."""
    with failing("TensorFlow does not load the SavedModel"):
        loaded = tf.saved_model.load(str(folder))
        names = [tensor.name for tensor in signature.outputs]
        return RawArtifact(
            predictor(loaded, SERVED),
            predictor(loaded, PREPROCESSING),
            predictor(loaded, ENCODED, names),
        )


def predictor(loaded: Any, name: str, outputs: Sequence[str] | None = None) -> Predict:
    """Return a function that calls a signature of a loaded SavedModel.

    It keeps a reference to the loaded object, with which its variables would be deleted.

    Args:
        loaded: by TensorFlow.
        name: of the signature.
        outputs: their order; None takes the signature's own.
    """
    run = loaded.signatures[name]
    inputs = [*run.structured_input_signature[1]]

    def predict(rows: Arrays, _held: Any = loaded) -> dict[str, np.ndarray[Any, Any]]:
        with failing("TensorFlow does not run the SavedModel"):
            found = run(**{name: tf.constant(rows[name]) for name in inputs})
            return {name: array_of(found[name]) for name in outputs or found}

    return predict


def answers(preprocessing: Preprocessing, outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return what clients of raw rows get of the model's outputs."""
    found = {}
    for answer in preprocessing.answers:
        values = outputs[answer.name]
        if answer.labels is None:
            found[answer.name] = values
        else:
            found[answer.name] = tf.gather(label_array(answer.labels), tf.argmax(values, axis=-1))
            found[f"{answer.name}_probabilities"] = values
    return {name: tf.identity(values, name=name) for name, values in found.items()}


def array_of(tensor: Any) -> np.ndarray[Any, Any]:
    """Return a tensor as an array; texts as ``str`` objects."""
    array: np.ndarray[Any, Any] = tensor.numpy()
    return array if array.dtype != object else np.array([text.decode() for text in array], object)
